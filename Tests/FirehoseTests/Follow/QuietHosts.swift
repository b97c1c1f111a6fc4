import ATProtocol
import Network
import Sandbox
import Synchronization
import TestSupport

@testable import Firehose

/// Hosts whose connections live, and on which little happens, or nothing; their time is not that of the machine.
final class QuietHosts: StreamTransport {
    /// One connection that was made.
    struct Connection: Sendable {
        let host: String
        /// Seconds after the beginning.
        let time: Double
    }

    let ledger = MemoryPositions()
    let log = LogRecorder()
    private let time = VirtualTime()
    private let periods: [String: Double]
    private let made = Mutex<[Connection]>([])
    private let end: Double
    private let parallel: Int

    /// - Parameters:
    ///   - periods: the seconds between two messages, by host; for ever where there are none.
    ///   - hours: how long they are followed.
    ///   - parallel: how many of them are read at the same time.
    init(_ periods: [String: Double], hours: Double, parallel: Int = 1) {
        self.periods = periods
        self.parallel = parallel
        end = hours * 3600
    }

    /// The connections that were made, in order.
    var connections: [Connection] { made.withLock { $0 } }

    /// How often it was said that nothing comes.
    var notices: Int { log.lines.count { $0.message.hasPrefix("stream quiet") } }

    /// Follows these hosts from the beginning to the end.
    func follow(_ hosts: [WebURL]) async throws {
        var configuration = StreamConfiguration(
            hosts: hosts,
            collections: [try CollectionPattern("sh.tangled.repo.pull")]
        )
        configuration.verification = .off
        configuration.parallelHosts = parallel
        let batchQueue = BatchQueue()
        let follower = StreamFollower(
            configuration: configuration,
            positions: ledger,
            batchQueue: batchQueue,
            identities: nil,
            transport: self,
            clock: time,
            steady: time,
            sleeper: VirtualSleeper(time: time),
            generator: SeededGenerator(seed: 1),
            logger: log.logger
        )
        try await follower.run()
        batchQueue.close()
        await ledger.take(from: batchQueue) { _ in false }
    }

    private var elapsed: Double { Double(time.microseconds - Self.start) / 1e6 }
    private static let start: Int64 = 1_790_000_000_000_000

    func run(_ request: StreamRequest, _ reader: consuming sending StreamReader) async -> StreamTransportEnd {
        let host = request.url.host
        let period = periods[host]
        made.withLock { $0.append(Connection(host: host, time: elapsed)) }
        reader.opened(isCompressed: false)
        // It begins where it is asked to, with the last events that the client knows.
        var sent = period.map { max(0, Int(elapsed / $0) - ResumeOverlap.capacity) } ?? 0
        // Of hosts that are read at the same time those that say something let the time pass.
        let isClock = period != nil || periods.isEmpty || parallel == 1
        while elapsed < end {
            if isClock { time.advance(by: 1) }
            await Task.yield()
            for _ in sent..<max(sent, period.map { Int(elapsed / $0) } ?? 0) {
                sent += 1
                let moment = Self.start + Int64(Double(sent) * (period ?? 0) * 1e6)
                guard Self.tell(sent, at: moment, of: request, to: &reader) else { break }
            }
            guard reader.batchEnded(time.instant) else { return .closed(code: 1000, reason: "") }
        }
        return .cancelled
    }

    private static func tell(
        _ number: Int,
        at moment: Int64,
        of request: StreamRequest,
        to reader: inout StreamReader
    ) -> Bool {
        let wire: StreamWire =
            request.url.path.hasSuffix("subscribeRepos")
            ? .relay : request.url.path == "/subscribe" ? .jetstream1 : .jetstream2
        let event = NetworkEvent(number: number, time: moment, kind: .identity)
        guard let bytes = try? event.message(wire, value: Int64(1000 + number), time: moment) else { return false }
        return unsafe reader.message(wire == .relay ? .binary : .text, bytes.span.bytes)
    }
}
