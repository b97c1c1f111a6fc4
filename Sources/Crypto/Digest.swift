internal import COpenSSL

/// The hash functions that the protocols use.
public enum Digest {
    /// SHA-256 of the bytes, 32 octets (FIPS 180-4).
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        _ = unsafe SHA256(bytes, bytes.count, &out)
        return out
    }

    /// SHA-256 of borrowed bytes, 32 octets (FIPS 180-4).
    public static func sha256(_ bytes: RawSpan) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        unsafe bytes.withUnsafeBytes { buffer in
            _ = unsafe SHA256(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count, &out)
        }
        return out
    }

    /// SHA-256 of the text's UTF-8.
    public static func sha256(_ text: String) -> [UInt8] { sha256(Array(text.utf8)) }

    /// SHA-1 of the bytes, 20 octets; for the WebSocket accept key only (RFC 6455 §4.2.2).
    public static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 20)
        _ = unsafe SHA1(bytes, bytes.count, &out)
        return out
    }

    /// HMAC with SHA-256, 32 octets (RFC 2104).
    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        _ = unsafe HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &out, &length)
        return out
    }
}
