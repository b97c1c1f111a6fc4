internal import Network

/// Decides which host to connect to next, and when.
///
/// It is the first host in order of preference that is not in the penalty box. A host gets into the box when it stalls,
/// fails three times in a row, or refuses us. If all hosts are in the box, the one whose wait ends first is taken. A
/// host in use, under any of its addresses, is not chosen again until its connection has ended. All times are from a
/// steady clock.
struct HostRotation: Sendable {
    /// How a connection ended.
    enum Ending: Sendable, Equatable {
        /// The connection was closed or lost, or could not be opened.
        case failed(wasHealthy: Bool)
        /// No event arrived although the connection was alive.
        case stalled
        /// No event arrived, which may not be the host's fault; other hosts are tried first.
        case quiet
        /// The host refused for a reason that a retry does not fix.
        case refused
        /// The host refused because of too many requests; `retryAfter` is the wait that the server asks for, if any.
        case limited(retryAfter: Duration?)
        /// We ended the connection ourselves.
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

    /// - Parameter names: the hosts in order of preference; addresses of the same server have the same name.
    init(_ names: [String]) { hosts = names.map(Host.init) }

    /// Takes the host to connect to, and returns how long to wait before that.
    mutating func take(at now: UnixTime) -> (index: Int, wait: Duration) {
        let choice = choice(at: now)
        hosts[choice.index].isTaken = true
        return choice
    }

    /// The host that ``take(at:)`` would take.
    func choice(at now: UnixTime) -> (index: Int, wait: Duration) {
        let others = hosts.indices.filter { !isElsewhere(hosts[$0].name, than: nil) }
        let free = others.first { hosts[$0].boxedUntil <= now }
        let index = free ?? others.min { hosts[$0].notBefore < hosts[$1].notBefore } ?? 0
        // After the clock was set back, a wait of minutes must not become one of days.
        return (index, min(max(.zero, hosts[index].notBefore - now), .seconds(1800)))
    }

    /// When a preferred host that is not in use leaves the penalty box; nil when there is none.
    func betterHostFree(than index: Int) -> UnixTime? {
        hosts[..<index].filter { !isElsewhere($0.name, than: index) }.map(\.boxedUntil).min()
    }

    /// Records how a connection ended.
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

    /// Two minutes, and twice as long each further time in a row.
    private mutating func boxLonger(_ index: Int, at now: UnixTime) {
        hosts[index].stalls += 1
        box(index, .seconds(min(1800, 120 << min(hosts[index].stalls - 1, 4))), at: now)
    }

    private mutating func box(_ index: Int, _ time: Duration, at now: UnixTime) {
        hosts[index].boxedUntil = now + time
    }
}
