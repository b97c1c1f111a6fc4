/// Unpredictable bytes from the kernel's random number generator.
public enum SecureRandom {
    /// Returns this many unpredictable octets.
    public static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in generator.next() }
    }

    /// Returns this many unpredictable octets as base64url text without padding.
    public static func token(bytes count: Int) -> String { Base64.urlEncode(bytes(count)) }
}
