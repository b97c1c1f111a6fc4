/// An IPv4 address in dotted decimal, parsed strictly.
///
/// `getaddrinfo` also accepts `127.1`, `0x7f000001` and `0177.0.0.1`; this type does not.
public struct IPv4Address: Sendable {
    /// The octets in network byte order.
    public let octets: (UInt8, UInt8, UInt8, UInt8)

    /// Parses `a.b.c.d` without leading zeros; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var values: [UInt8] = []
        for part in parts {
            guard part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), part.count == 1 || !part.hasPrefix("0"),
                let value = UInt8(part)
            else { return nil }
            values.append(value)
        }
        octets = (values[0], values[1], values[2], values[3])
    }
}
