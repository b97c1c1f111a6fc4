internal import COpenSSL

/// Base64 with either alphabet (RFC 4648 §4 and §5).
public enum Base64 {
    /// Encodes with the standard alphabet and padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        var out = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = unsafe EVP_EncodeBlock(&out, bytes, Int32(bytes.count))
        return String(decoding: out.prefix(Int(count)), as: UTF8.self)
    }

    /// Encodes with the URL-safe alphabet, without padding, as in JOSE (RFC 7515 §2).
    public static func urlEncode(_ bytes: [UInt8]) -> String {
        String(encode(bytes).prefix { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// Decodes URL-safe text without padding; nil when a character or the length is invalid.
    public static func urlDecode(_ text: some StringProtocol) -> [UInt8]? { decode(text.utf8, urlTable) }

    /// Decodes standard text with or without padding; nil when a character or the length is invalid.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var characters = Array(text.utf8)
        if characters.count % 4 == 0 {
            for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
        }
        return decode(characters, standardTable)
    }

    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let standardTable = table(standard)
    private static let urlTable = table(urlSafe)

    private static func table(_ alphabet: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { out[Int(character)] = UInt8(value) }
        return out
    }

    private static func decode(_ text: some Collection<UInt8>, _ table: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.count * 3 / 4)
        var word: UInt32 = 0
        var bits = 0
        for character in text {
            let value = table[Int(character)]
            guard value != 0xFF else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        // One last character holds no whole octet, and spare bits must be zero (RFC 4648 §3.5).
        guard text.count % 4 != 1, word & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return out
    }
}
