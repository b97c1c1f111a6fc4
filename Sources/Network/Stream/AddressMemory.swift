internal import Synchronization

/// Which addresses of a host accepted a connection and then led nowhere: the next attempt begins behind them.
///
/// A race for the first that accepts ends at the same address each time, whatever becomes of the connection then. Keep one memory
/// for all connections to a service.
public final class AddressMemory: Sendable {
    private struct Failure {
        let address: String
        let at: ContinuousClock.Instant
    }

    /// By host, the latest last.
    private let failures = Mutex<[String: [Failure]]>([:])

    /// The most hosts of which something is remembered; all is forgotten when there are more.
    static let maximumHosts = 64
    /// The most addresses of a host that are remembered.
    static let maximumAddresses = 64
    /// How long an address is tried last.
    static let lifetime = Duration.seconds(3600)

    /// A memory of nothing.
    public init() {}

    /// The order in which addresses of a host are to be tried: those that failed behind all others, the latest last.
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

    /// Takes note that a connection to an address of a host was accepted and led nowhere.
    public func failed(_ address: SocketAddress, of host: String) { failed(address, of: host, now: .now) }

    func failed(_ address: SocketAddress, of host: String, now: ContinuousClock.Instant) {
        failures.withLock { failures in
            if failures[host] == nil, failures.count >= Self.maximumHosts { failures = [:] }
            var known = (failures[host] ?? []).filter {
                $0.address != address.description && $0.at + Self.lifetime > now
            }
            known.append(Failure(address: address.description, at: now))
            failures[host] = Array(known.suffix(Self.maximumAddresses))
        }
    }

    /// Takes note that a connection to an address of a host did what it was for.
    public func worked(_ address: SocketAddress, of host: String) {
        failures.withLock { failures in
            failures[host]?.removeAll { $0.address == address.description }
            if failures[host]?.isEmpty == true { failures[host] = nil }
        }
    }
}
