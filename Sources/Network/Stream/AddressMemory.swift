internal import Synchronization

/// Remembers addresses that accepted a connection and then failed, so that they are tried last.
///
/// Happy eyeballs picks the same address each time, because it only sees which address accepts first. Keep one memory
/// for all connections to a service.
public final class AddressMemory: Sendable {
    private struct Failure {
        let address: String
        let at: ContinuousClock.Instant
    }

    /// The failures of each host, the latest last.
    private let failures = Mutex<[String: [Failure]]>([:])

    /// How many hosts are remembered; when there are more, all are forgotten.
    static let maximumHosts = 64
    /// How many addresses of a host are remembered.
    static let maximumAddresses = 64
    /// How long an address is tried last.
    static let lifetime = Duration.seconds(3600)

    /// A memory without failures.
    public init() {}

    /// Sorts addresses in the order in which to try them: those that failed come last, the latest failure at the end.
    func ordered(
        _ addresses: [SocketAddress],
        of host: String,
        now: ContinuousClock.Instant = .now
    ) -> [SocketAddress] {
        let failed = failures.withLock { ($0[host] ?? []).filter { $0.at + Self.lifetime > now }.map(\.address) }
        let places = Dictionary(failed.enumerated().map { ($0.element, $0.offset) }) { _, last in last }
        let others = addresses.filter { places[$0.description] == nil }
        let behind = addresses.compactMap { address in
            places[address.description].map { place in (place: place, address: address) }
        }
        return others + behind.sorted { $0.place < $1.place }.map { $0.address }
    }

    /// Records that an address of a host accepted a connection, which then failed.
    public func failed(_ address: SocketAddress, of host: String, now: ContinuousClock.Instant = .now) {
        failures.withLock { failures in
            if failures[host] == nil, failures.count >= Self.maximumHosts { failures = [:] }
            var known = (failures[host] ?? []).filter {
                $0.address != address.description && $0.at + Self.lifetime > now
            }
            known.append(Failure(address: address.description, at: now))
            failures[host] = Array(known.suffix(Self.maximumAddresses))
        }
    }

    /// Records that a connection to an address of a host was of use.
    public func worked(_ address: SocketAddress, of host: String) {
        failures.withLock { failures in
            failures[host]?.removeAll { $0.address == address.description }
            if failures[host]?.isEmpty == true { failures[host] = nil }
        }
    }
}
