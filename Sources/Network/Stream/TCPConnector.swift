internal import CLinux
internal import Glibc

/// Connects to the first address of a host that accepts (happy eyeballs, RFC 8305).
///
/// After 250 ms without success the next attempt starts alongside; after a failure the next starts at once. The first
/// success wins.
enum TCPConnector {
    /// The delay between two attempts (RFC 8305 §5 and §8).
    static let attemptDelay = Duration.milliseconds(250)

    /// Connects and returns a plain stream.
    ///
    /// - Parameters:
    ///   - addresses: the addresses to try, in this order; at least one.
    ///   - next: `host:port` of the addresses, for failures; the proxy's if there is one.
    ///   - peer: `host:port` of the stream's peer.
    ///   - wakeUp: cancelling it ends the attempts.
    ///   - deadline: the latest end.
    ///   - delay: the delay between two attempts.
    /// - Returns: the stream of the attempt that won.
    /// - Throws: ``StreamError`` that names every address that was tried.
    static func connect(
        to addresses: [SocketAddress],
        of next: String,
        for peer: String,
        wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant,
        attemptDelay delay: Duration = attemptDelay
    ) throws(StreamError) -> ByteStream {
        var race = HappyEyeballs(addresses: addresses, delay: delay)
        while true {
            let now = ContinuousClock.now
            // Some attempts fail at once: without IPv6 there is no route.
            while race.mayStart(at: now) { race.startNext(at: now) }
            if let stream = race.takeWinner(for: peer) { return stream }
            if race.isLost {
                throw StreamError(.connect, peer: next, race.failures.joined(separator: "; "))
            }
            guard now < deadline else {
                let tried = race.failures + race.pending.map { "\($0): no answer" }
                throw StreamError(.timeout, peer: next, "not connected in time (\(tried.joined(separator: "; ")))")
            }
            race.wait(wakeUp, until: deadline)
            if wakeUp.isCancelled { throw StreamError(.cancelled, peer: next, "while connecting") }
        }
    }

    /// Alternates the families, beginning with the resolver's first choice (RFC 8305 §4).
    static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first?.family else { return [] }
        var preferred = addresses.filter { $0.family == first }[...]
        var others = addresses.filter { $0.family != first }[...]
        var out: [SocketAddress] = []
        while let address = preferred.popFirst() {
            out.append(address)
            if let other = others.popFirst() { out.append(other) }
        }
        return out + others
    }
}

/// The attempts of one connection and their sockets; closes all but the winner's.
private struct HappyEyeballs: ~Copyable {
    private struct Attempt {
        let socket: Int32
        let address: SocketAddress
    }

    private let delay: Duration
    private var waiting: ArraySlice<SocketAddress>
    private var attempts: [Attempt] = []
    private var winner: Attempt?
    private var nextStart = ContinuousClock.now
    private(set) var failures: [String] = []

    init(addresses: [SocketAddress], delay: Duration) {
        self.delay = delay
        waiting = addresses[...]
    }

    deinit {
        for attempt in attempts { _ = close(attempt.socket) }
        if let winner { _ = close(winner.socket) }
    }

    var pending: [SocketAddress] { attempts.map(\.address) }
    var isLost: Bool { waiting.isEmpty && attempts.isEmpty && winner == nil }

    func mayStart(at now: ContinuousClock.Instant) -> Bool {
        winner == nil && !waiting.isEmpty && (attempts.isEmpty || now >= nextStart)
    }

    mutating func startNext(at now: ContinuousClock.Instant) {
        guard let address = waiting.popFirst() else { return }
        let family = address.family == .ipv4 ? AF_INET : AF_INET6
        let descriptor = shim_stream_socket(family)
        guard descriptor >= 0 else { return fail(address, "socket", errno) }
        let attempt = Attempt(socket: descriptor, address: address)
        let result = unsafe address.withSockaddr { unsafe Glibc.connect(descriptor, $0, $1) } ?? -1
        if result == 0 {
            winner = attempt
        } else if errno == EINPROGRESS {
            attempts.append(attempt)
            nextStart = now + delay
        } else {
            let number = errno
            _ = close(descriptor)
            fail(address, "connect", number)
        }
    }

    /// Waits until an attempt has a result, the next may start, or the wake-up is signalled.
    mutating func wait(_ wakeUp: WakeUp, until deadline: ContinuousClock.Instant) {
        var entries = attempts.map { pollfd(fd: $0.socket, events: Int16(POLLOUT), revents: 0) }
        entries.append(pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0))
        let end = waiting.isEmpty ? deadline : min(deadline, nextStart)
        let count = unsafe poll(&entries, nfds_t(entries.count), Poll.milliseconds(until: end))
        guard count > 0 else { return }
        if entries.last?.revents != 0 { wakeUp.clear() }
        var undecided: [Attempt] = []
        for (attempt, entry) in zip(attempts, entries) {
            guard entry.revents != 0 else {
                undecided.append(attempt)
                continue
            }
            var number: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            unsafe getsockopt(attempt.socket, SOL_SOCKET, SO_ERROR, &number, &length)
            if number == 0, winner == nil {
                winner = attempt
            } else {
                _ = close(attempt.socket)
                if number != 0 { fail(attempt.address, "connect", number) }
            }
        }
        attempts = undecided
    }

    mutating func takeWinner(for peer: String) -> ByteStream? {
        guard let winner = winner.take() else { return nil }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Requests and pongs are single small writes, which Nagle's algorithm must not delay.
        unsafe setsockopt(winner.socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        unsafe setsockopt(winner.socket, SOL_SOCKET, SO_KEEPALIVE, &on, size)
        return ByteStream(socket: Descriptor(owning: winner.socket), address: winner.address, peer: peer)
    }

    private mutating func fail(_ address: SocketAddress, _ call: String, _ number: Int32) {
        failures.append("\(address): \(call): \(Descriptor.message(number))")
    }
}
