internal import Network

/// The time up to which a stream was read, by the times that its messages name: no single clock decides it.
///
/// A time that our clock allows is believed at once. One that lies further ahead, and one that takes back a value that
/// does, is believed when three accounts in a row have said so: an outlier, of a host or an author, moves nothing, and
/// where it is our own clock that is wrong, the stream's is followed all the same.
struct WitnessClock: Sendable {
    /// Clocks may be ahead of ours by this much, in microseconds (atproto.com/specs/sync).
    static let tolerance: Int64 = 300_000_000
    /// The accounts that must agree.
    private static let quorum = 3
    /// Our clock is read again after so many times, so that one that was set back is noticed.
    private static let interval = 1024

    private struct Claim {
        let account: Int
        let time: Int64
        let isAhead: Bool
    }

    private let clock: any WallClock
    private let start: Int64
    /// What the stream has said; the least number while it has said nothing.
    private var told = Int64.min
    /// The last time that our clock allows, as of its last reading.
    private var bound = Int64.min
    private var uses = 0
    /// What the last messages said of different accounts, all in one direction.
    private var claims: [Claim] = []

    /// - Parameters:
    ///   - start: what is known before the first message, in microseconds since the Unix epoch.
    ///   - isCertain: whether a stream has told it; what our own clock has is held only until the stream says something.
    ///   - clock: our own, which is not read for each message.
    init(_ start: Int64, isCertain: Bool, clock: any WallClock) {
        self.start = start
        self.clock = clock
        if isCertain { told = start }
    }

    /// The time, in microseconds since the Unix epoch.
    var value: Int64 { isCertain ? told : start }

    /// Whether a stream has told it.
    var isCertain: Bool { told != .min }

    /// Takes note of the time that a message names.
    ///
    /// - Parameters:
    ///   - time: microseconds since the Unix epoch.
    ///   - account: the hash of whose message it is; nil when that would have to be looked for.
    /// - Returns: false when nothing was noted, for want of the account.
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

    /// Takes note of a time that may be too early, but is better than our own clock when that one is ahead.
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
