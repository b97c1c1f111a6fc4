/// Hexadecimal in lower case (RFC 4648 §8).
public enum Hexadecimal {
    /// Encodes octets.
    public static func encode(_ octets: some Sequence<UInt8>) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
