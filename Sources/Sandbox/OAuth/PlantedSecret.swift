internal import Crypto

/// The secrets that the authorization server gives out: the reference server's prefixes and lengths.
///
/// Each begins with the same digits, by which `Tests/Interop/secrets.sh` finds those that were printed.
enum PlantedSecret {
    /// Characters of a refresh token or a code: a prefix of four and 64 hexadecimal digits.
    static let length = 68

    private static let mark: [UInt8] = [0x5A, 0x4D, 0xB0, 0xC5]

    /// `ref-` and 64 hexadecimal digits.
    static func refreshToken() -> String { "ref-" + Hexadecimal.encode(mark + SecureRandom.bytes(28)) }

    /// `cod-` and 64 hexadecimal digits.
    static func code() -> String { "cod-" + Hexadecimal.encode(mark + SecureRandom.bytes(28)) }

    /// `tok-` and 32 hexadecimal digits, the `jti` of an access token; no secret.
    static func tokenIdentifier() -> String { "tok-" + Hexadecimal.encode(SecureRandom.bytes(16)) }
}
