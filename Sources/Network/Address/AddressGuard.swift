internal import Glibc

/// Distinguishes public unicast addresses from all others.
///
/// It is applied to the address of the connection, after name resolution, so that no second look-up can give a
/// different answer (IANA special-purpose address registries, RFC 6890; bluesky-social/indigo, `util/ssrf`, does the
/// same).
enum AddressGuard {
    /// Whether four octets are a public unicast IPv4 address.
    static func isPublic(v4 octets: [UInt8]) -> Bool {
        guard octets.count == 4 else { return false }
        switch (octets[0], octets[1], octets[2]) {
        case (0, _, _), (10, _, _), (127, _, _): return false
        case (100, 64...127, _): return false  // shared address space
        case (169, 254, _): return false  // link local
        case (172, 16...31, _): return false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (192, 168, _): return false
        case (198, 18...19, _), (198, 51, 100), (203, 0, 113): return false
        case (224...255, _, _): return false  // multicast and reserved
        default: return true
        }
    }

    /// Whether sixteen octets are a public unicast IPv6 address; one that embeds an IPv4 address is not.
    static func isPublic(v6 octets: [UInt8]) -> Bool {
        guard octets.count == 16 else { return false }
        guard octets[0] & 0xE0 == 0x20 else { return false }  // only 2000::/3 is global unicast
        switch (octets[0], octets[1], octets[2], octets[3]) {
        case (0x20, 0x02, _, _): return false  // 6to4
        case (0x20, 0x01, 0x00, 0x00): return false  // Teredo
        case (0x20, 0x01, 0x00...0x01, _): return false  // protocol assignments, 2001::/23
        case (0x20, 0x01, 0x0D, 0xB8): return false  // documentation
        case (0x3F, 0xFF, 0x00...0x0F, _): return false  // documentation, RFC 9637
        default: return true
        }
    }

    /// Whether the octets are a loopback address of either family.
    static func isLoopback(_ octets: [UInt8]) -> Bool {
        octets.count == 4 ? octets[0] == 127 : octets == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// The octets of an address literal of either family, IPv6 without brackets; nil for anything else.
    static func octets(of text: some StringProtocol) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 16)
        let text = String(text)
        if unsafe inet_pton(AF_INET, text, &octets) == 1 { return Array(octets.prefix(4)) }
        return unsafe inet_pton(AF_INET6, text, &octets) == 1 ? octets : nil
    }
}
