import ATProtocol
import Network
import Sandbox
import Synchronization
import TestSupport

@testable import Firehose

/// Hosts that say on each connection what a test has written down, and a follower of them.
final class ScriptedStream: StreamTransport {
    /// Gives the messages of a connection; one that throws is refused.
    typealias Connection = @Sendable () throws -> [[UInt8]]

    /// Our clock, which is set at will; where time really stands is ``now``.
    let clock: ManualClock
    let ledger = MemoryPositions()
    let log = LogRecorder()
    private let script = Mutex<[Connection]>([])
    private let asked = Mutex<[StreamRequest]>([])

    /// The true time.
    static let now: Int64 = 1_790_000_000_000_000
    static let minute: Int64 = 60_000_000
    static let day = 1440 * minute

    /// - Parameter days: how far our clock is ahead.
    init(days: Int64 = 0) { clock = ManualClock(UnixTime(microseconds: Self.now + days * Self.day)) }

    /// What each connection asked for.
    var requests: [StreamRequest] { asked.withLock { $0 } }

    /// The cursors that were asked for; nil for none.
    var cursors: [Int64?] { requests.map { $0.url.value(of: "cursor").flatMap { Int64($0) } } }

    static func url(_ wire: StreamWire, host: String = "a.test") throws -> WebURL {
        switch wire {
        case .jetstream2: try WebURL("wss://\(host)/xrpc/network.bsky.jetstream.subscribeEvents")
        case .jetstream1: try WebURL("wss://\(host)/subscribe")
        default: try WebURL("wss://\(host)/xrpc/com.atproto.sync.subscribeRepos")
        }
    }

    /// Follows a host, or another where that one refuses, for as many connections as are written down, and stores all
    /// that comes.
    func follow(_ host: WebURL, or other: WebURL? = nil, _ connections: Connection...) async throws {
        script.withLock { $0 = connections }
        var configuration = StreamConfiguration(
            hosts: [host] + (other.map { [$0] } ?? []),
            collections: [try CollectionPattern("sh.tangled.repo.pull")]
        )
        configuration.verification = .off
        let batchQueue = BatchQueue()
        let follower = StreamFollower(
            configuration: configuration,
            positions: ledger,
            batchQueue: batchQueue,
            identities: nil,
            transport: self,
            clock: clock,
            steady: ManualClock(),
            sleeper: VirtualSleeper(time: VirtualTime()),
            generator: SeededGenerator(seed: 1),
            logger: log.logger
        )
        try await follower.run()
        batchQueue.close()
        await ledger.take(from: batchQueue) { _ in false }
    }

    func run(_ request: StreamRequest, _ reader: consuming sending StreamReader) async -> StreamTransportEnd {
        guard let connection = script.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return .cancelled }
        asked.withLock { $0.append(request) }
        let encoding: WireEncoding = request.url.path.hasSuffix("subscribeRepos") ? .binary : .text
        guard var messages = try? connection() else {
            return .refused(status: 404, error: nil, message: "", retryAfter: nil)
        }
        var moment = ContinuousClock.now
        while true {
            let batch = messages.prefix(10)
            for message in batch {
                guard unsafe reader.message(encoding, message.span.bytes) else { break }
            }
            guard reader.batchEnded(moment), !batch.isEmpty else { break }
            messages.removeFirst(batch.count)
            moment += .seconds(6)
        }
        return .closed(code: 1000, reason: "")
    }

    /// A message about each of some events, a second apart from each other and of different authors: a number is also
    /// a place; `start` is the time of number 0, `outliers` the days that some are ahead, and every second is a tracer.
    static func messages(
        _ wire: StreamWire,
        _ numbers: Range<Int>,
        start: Int64 = now,
        outliers: [Int: Int64] = [:],
        tracers: Bool = true
    ) throws -> [[UInt8]] {
        try numbers.map { number in
            let time = start + Int64(number) * 1_000_000
            let isTracer = tracers && number % 2 == 0
            let event = NetworkEvent(number: number, time: time, kind: isTracer ? .identity : .wanted)
            return try event.message(wire, value: Int64(1000 + number), time: time + (outliers[number] ?? 0) * day)
        }
    }
}
