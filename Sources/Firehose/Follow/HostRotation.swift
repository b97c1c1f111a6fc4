internal import Network

/// Decides which host is connected to next, and when.
///
/// The first host in order of preference that is not in the penalty box. A host gets there for standing still, for
/// three failures in a row, or for saying that it does not want us; when all are there, the one whose wait ends first
/// is taken. A host that is taken, or another address of it, is not chosen again until its connection has ended.
struct HostRotation: Sendable {
    /// How a connection ended.
    enum Ending: Sendable, Equatable {
        /// It was closed or lost, or could not be made.
        case failed(wasHealthy: Bool)
        /// Its position stood still.
        case stalled
        /// It was refused for a reason that repeating does not mend.
        case refused
        /// It was refused for asking too often; seconds to wait where the server says.
        case limited(retryAfter: Double?)
        /// It ended by our own choice.
        case willing
    }

    private struct Host {
        let name: String
        var backoff = Backoff()
        var stalls = 0
        var notBefore = 0.0
        var boxedUntil = 0.0
        var isTaken = false

        init(_ name: String) { self.name = name }
    }

    private var hosts: [Host]

    /// - Parameter names: by preference; addresses of one server share its name.
    init(_ names: [String]) { hosts = names.map(Host.init) }

    /// Takes the host to connect to and tells the seconds to wait before.
    mutating func take(at now: Double) -> (index: Int, wait: Double) {
        let choice = choice(at: now)
        hosts[choice.index].isTaken = true
        return choice
    }

    /// The host that would be taken.
    func choice(at now: Double) -> (index: Int, wait: Double) {
        let others = hosts.indices.filter { !isElsewhere(hosts[$0].name, than: nil) }
        let free = others.first { hosts[$0].boxedUntil <= now }
        let index = free ?? others.min { hosts[$0].notBefore < hosts[$1].notBefore } ?? 0
        // A clock that was set back must not make a wait of minutes one of days.
        return (index, min(max(0, hosts[index].notBefore - now), 1800))
    }

    /// When a host that is preferred to this one, and that nobody else has, leaves the penalty box; nil when none is.
    func betterHostFree(than index: Int) -> Double? {
        hosts[..<index].filter { !isElsewhere($0.name, than: index) }.map(\.boxedUntil).min()
    }

    /// Takes note of how a connection ended.
    mutating func ended(
        _ index: Int,
        _ ending: Ending,
        at now: Double,
        using generator: inout some RandomNumberGenerator
    ) {
        hosts[index].isTaken = false
        switch ending {
        case .willing:
            hosts[index] = Host(hosts[index].name)
        case .failed(let wasHealthy):
            if wasHealthy { hosts[index] = Host(hosts[index].name) }
            wait(index, hosts[index].backoff.next(using: &generator) / .seconds(1), at: now)
            if hosts[index].backoff.attempt >= 3 { box(index, 60, at: now) }
        case .stalled:
            hosts[index].stalls += 1
            wait(index, hosts[index].backoff.next(using: &generator) / .seconds(1), at: now)
            box(index, min(1800, 120 * Double(1 << min(hosts[index].stalls - 1, 4))), at: now)
        case .refused:
            wait(index, Double.random(in: 300...600, using: &generator), at: now)
            box(index, 600, at: now)
        case .limited(let retryAfter):
            let wait = min(max(retryAfter ?? 60, 60), 1800) * Double.random(in: 1...1.25, using: &generator)
            self.wait(index, wait, at: now)
            box(index, wait, at: now)
        }
    }

    private func isElsewhere(_ name: String, than index: Int?) -> Bool {
        hosts.indices.contains { $0 != index && hosts[$0].isTaken && hosts[$0].name == name }
    }

    private mutating func wait(_ index: Int, _ seconds: Double, at now: Double) {
        hosts[index].notBefore = now + seconds
    }

    private mutating func box(_ index: Int, _ seconds: Double, at now: Double) {
        hosts[index].boxedUntil = now + seconds
    }
}
