/// Two small digits for each octet (RFC 4648 §8, in lower case).
public enum Hexadecimal {
    /// The digits of these octets.
    public static func encode(_ octets: some Sequence<UInt8>) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
