/// An entry of `no_proxy`: hosts that are reached directly.
struct ProxyException: Sendable, Equatable {
    private enum Hosts: Sendable, Equatable {
        case all
        /// A name and all its subdomains.
        case name(String)
        /// The addresses of one family with this prefix.
        case network([UInt8], bits: Int)
    }

    private let hosts: Hosts
    /// The port that the entry is limited to, nil for all ports.
    private let port: UInt16?

    /// Parses `*`, a name (also as `.name` and `*.name`), an address or a network; a name or address may have a port.
    init?(_ entry: String) {
        var text = entry.lowercased()[...]
        if text == "*" {
            hosts = .all
            port = nil
            return
        }
        if let octets = AddressGuard.octets(of: text) {
            hosts = .network(octets, bits: octets.count * 8)
            port = nil
            return
        }
        if let slash = text.firstIndex(of: "/") {
            guard let octets = AddressGuard.octets(of: text[..<slash]),
                let bits = Int(text[text.index(after: slash)...]), (0...octets.count * 8).contains(bits)
            else { return nil }
            hosts = .network(octets, bits: bits)
            port = nil
            return
        }
        if text.hasPrefix("*.") { text.removeFirst() }
        if text.hasPrefix(".") { text.removeFirst() }
        guard let place = try? WebURL.split(text, of: entry) else { return nil }
        port = place.port
        if let octets = AddressGuard.octets(of: place.host) {
            hosts = .network(octets, bits: octets.count * 8)
        } else {
            hosts = .name(Self.withoutDot(place.host))
        }
    }

    /// Whether the entry applies to the URL's host and port.
    func covers(_ url: WebURL) -> Bool {
        guard port == nil || port == url.effectivePort else { return false }
        let octets = AddressGuard.octets(of: url.host)
        switch hosts {
        case .all: return true
        case .name(let name):
            let host = Self.withoutDot(url.host)
            return octets == nil && (host == name || host.hasSuffix("." + name))
        case .network(let prefix, let bits):
            guard let octets, octets.count == prefix.count else { return false }
            return octets.indices.allSatisfy { index in
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, bits - 8 * index)))
                return (octets[index] ^ prefix[index]) & mask == 0
            }
        }
    }

    /// A name without the trailing dot of the root.
    private static func withoutDot(_ name: String) -> String { name.hasSuffix(".") ? String(name.dropLast()) : name }
}
