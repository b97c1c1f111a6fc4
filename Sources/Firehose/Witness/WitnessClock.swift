internal import Network

/// The time up to which a stream has been read, from the times in its messages; no single clock decides it.
///
/// A time that is possible by our clock is accepted at once. A time further ahead must be confirmed by three accounts
/// in a row, and so must a return from such a time. So one wrong host or author changes nothing. And if our own clock
/// is wrong, we still follow the stream's time.
struct WitnessClock: Sendable {
    /// How far a clock may be ahead of ours, in microseconds (atproto.com/specs/sync).
    static let tolerance: Int64 = 300_000_000
    /// How many accounts must agree.
    private static let quorum = 3
    /// Our clock is read again after this many times, so that we notice when it is set back.
    private static let interval = 1024

    private struct Claim {
        let account: Int
        let time: Int64
        let isAhead: Bool
    }

    private let clock: any WallClock
    private let start: Int64
    /// The time from the stream; `Int64.min` while there is none.
    private var told = Int64.min
    /// The latest time that is possible by our clock, at its last reading.
    private var bound = Int64.min
    private var uses = 0
    /// The latest times from different accounts, all in the same direction.
    private var claims: [Claim] = []

    /// - Parameters:
    ///   - start: the known time before the first message, in microseconds since the Unix epoch.
    ///   - isCertain: whether it comes from a stream; a time from our own clock only holds until the stream gives one.
    ///   - clock: our clock; it is not read for each message.
    init(_ start: Int64, isCertain: Bool, clock: any WallClock) {
        self.start = start
        self.clock = clock
        if isCertain { told = start }
    }

    /// The current value in microseconds since the Unix epoch.
    var value: Int64 { isCertain ? told : start }

    /// Whether the value comes from a stream.
    var isCertain: Bool { told != .min }

    /// Records the time of a message.
    ///
    /// - Parameters:
    ///   - time: microseconds since the Unix epoch.
    ///   - account: the hash of the message's account; nil when it would have to be parsed first.
    /// - Returns: false when the time was not recorded because the account is missing.
    @inline(__always)
    mutating func observe(_ time: Int64, of account: @autoclosure () -> Int?) -> Bool {
        uses += 1
        if time > bound || uses >= Self.interval {
            readClock()
        }
        if time <= bound, told <= bound, claims.isEmpty {
            told = max(told, time)
            return true
        }
        guard let account = account() else { return false }
        weigh(time, account)
        return true
    }

    /// Records a time that may be too early, but is better than our own clock if that is ahead.
    mutating func suggest(_ time: Int64) {
        if !isCertain, time < start { told = time }
    }

    private mutating func readClock() {
        uses = 0
        bound = (clock.now() + .microseconds(Self.tolerance)).microseconds
    }

    private mutating func weigh(_ time: Int64, _ account: Int) {
        let isAhead = time > max(bound, told)
        guard isAhead || (told > bound && time < told - Self.tolerance) else {
            claims = []
            if time <= bound { told = max(told, time) }
            return
        }
        claims.removeAll { $0.isAhead != isAhead || $0.account == account }
        claims.append(Claim(account: account, time: time, isAhead: isAhead))
        guard claims.count == Self.quorum else { return }
        let times = claims.map(\.time)
        told = (isAhead ? times.min() : times.max()) ?? told
        claims = []
    }
}
