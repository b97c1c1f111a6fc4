internal import Network

/// Decides which host is connected to next, and when.
///
/// The first host in order of preference that is not in the penalty box. A host gets there for standing still, for
/// three failures in a row, or for saying that it does not want us; when all are there, the one whose wait ends first
/// is taken. A host that is taken, or another address of it, is not chosen again until its connection has ended. All times
/// are of a clock that nobody sets.
struct HostRotation: Sendable {
    /// How a connection ended.
    enum Ending: Sendable, Equatable {
        /// It was closed or lost, or could not be made.
        case failed(wasHealthy: Bool)
        /// Nothing came while its connection lived.
        case stalled
        /// Nothing came, which is no fault of it; others are asked first.
        case quiet
        /// It was refused for a reason that repeating does not mend.
        case refused
        /// It was refused for asking too often; how long to wait where the server says.
        case limited(retryAfter: Duration?)
        /// It ended by our own choice.
        case willing
    }

    private struct Host {
        let name: String
        var backoff = Backoff()
        var stalls = 0
        var notBefore = UnixTime.distantPast
        var boxedUntil = UnixTime.distantPast
        var isTaken = false

        init(_ name: String) { self.name = name }
    }

    private var hosts: [Host]

    /// - Parameter names: by preference; addresses of one server share its name.
    init(_ names: [String]) { hosts = names.map(Host.init) }

    /// Takes the host to connect to and tells how long to wait before.
    mutating func take(at now: UnixTime) -> (index: Int, wait: Duration) {
        let choice = choice(at: now)
        hosts[choice.index].isTaken = true
        return choice
    }

    /// The host that would be taken.
    func choice(at now: UnixTime) -> (index: Int, wait: Duration) {
        let others = hosts.indices.filter { !isElsewhere(hosts[$0].name, than: nil) }
        let free = others.first { hosts[$0].boxedUntil <= now }
        let index = free ?? others.min { hosts[$0].notBefore < hosts[$1].notBefore } ?? 0
        // A clock that was set back must not make a wait of minutes one of days.
        return (index, min(max(.zero, hosts[index].notBefore - now), .seconds(1800)))
    }

    /// When a host that is preferred to this one, and that nobody else has, leaves the penalty box; nil when none is.
    func betterHostFree(than index: Int) -> UnixTime? {
        hosts[..<index].filter { !isElsewhere($0.name, than: index) }.map(\.boxedUntil).min()
    }

    /// Takes note of how a connection ended.
    mutating func ended(
        _ index: Int,
        _ ending: Ending,
        at now: UnixTime,
        using generator: inout some RandomNumberGenerator
    ) {
        hosts[index].isTaken = false
        switch ending {
        case .willing:
            hosts[index] = Host(hosts[index].name)
        case .failed(let wasHealthy):
            if wasHealthy { hosts[index] = Host(hosts[index].name) }
            wait(index, hosts[index].backoff.next(using: &generator), at: now)
            if hosts[index].backoff.attempt >= 3 { box(index, .seconds(60), at: now) }
        case .stalled:
            wait(index, hosts[index].backoff.next(using: &generator), at: now)
            boxLonger(index, at: now)
        case .quiet:
            boxLonger(index, at: now)
        case .refused:
            wait(index, .seconds(Double.random(in: 300...600, using: &generator)), at: now)
            box(index, .seconds(600), at: now)
        case .limited(let retryAfter):
            let asked = min(max(retryAfter ?? .seconds(60), .seconds(60)), .seconds(1800))
            let wait = asked * Double.random(in: 1...1.25, using: &generator)
            self.wait(index, wait, at: now)
            box(index, wait, at: now)
        }
    }

    private func isElsewhere(_ name: String, than index: Int?) -> Bool {
        hosts.indices.contains { $0 != index && hosts[$0].isTaken && hosts[$0].name == name }
    }

    private mutating func wait(_ index: Int, _ time: Duration, at now: UnixTime) {
        hosts[index].notBefore = now + time
    }

    /// Two minutes, and twice as long each time in a row.
    private mutating func boxLonger(_ index: Int, at now: UnixTime) {
        hosts[index].stalls += 1
        box(index, .seconds(min(1800, 120 << min(hosts[index].stalls - 1, 4))), at: now)
    }

    private mutating func box(_ index: Int, _ time: Duration, at now: UnixTime) {
        hosts[index].boxedUntil = now + time
    }
}
