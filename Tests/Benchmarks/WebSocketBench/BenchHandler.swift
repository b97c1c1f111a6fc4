import ATProtocol
import Firehose
import WebSocket

/// Counts, and decodes as the daemon does.
struct BenchHandler: WebSocketHandler {
    enum Mode: String {
        case recv
        case utf8
        case filter
        case json
    }

    private let mode: Mode
    private let goal: Int
    private let rate: Double?
    private let collection: String
    private let tally: BenchTally
    private var decoder: WireDecoder
    private var count = 0
    private var bytes = 0
    private var matched = 0

    /// A handler that looks for commits of a collection.
    init(mode: Mode, goal: Int, collection: CollectionPattern, rate: Double?, tally: BenchTally) {
        self.mode = mode
        self.goal = goal
        self.collection = collection.text
        let configuration = StreamConfiguration(hosts: [], collections: [collection])
        decoder = WireDecoder(host: "bench", wire: .jetstream1, configuration: configuration, witnessed: 0)
        self.rate = rate
        self.tally = tally
        if rate != nil { tally.latencies.reserveCapacity(goal) }
    }

    mutating func opened(_ response: UpgradeResponse) { tally.start = Usage() }

    mutating func message(_ kind: WebSocketMessageKind, _ message: RawSpan) -> WebSocketAction {
        count += 1
        bytes += message.byteCount
        switch mode {
        case .recv, .utf8: break
        case .filter: matched += commits(in: message)
        case .json: if isMatch(message) { matched += 1 }
        }
        if let rate {
            // Against the schedule of the server; the constant part is taken off in the end.
            tally.latencies.append((ContinuousClock.now - tally.start.wall) / .seconds(1) - Double(count - 1) / rate)
        }
        if count == 1_000_000 { tally.residentAfterMillion = Usage.residentNow() }
        guard count == goal else { return .continue }
        tally.end = Usage()
        (tally.messages, tally.bytes, tally.matched) = (count, bytes, matched)
        return .close(.normal, reason: "")
    }

    mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction { .continue }

    private mutating func commits(in message: RawSpan) -> Int {
        guard case .read(let content) = decoder.decode(.text, message) else { return 0 }
        return content.events.count { if case .commit = $0.body { true } else { false } }
    }

    private func isMatch(_ message: RawSpan) -> Bool {
        let copy = unsafe message.withUnsafeBytes { unsafe Array($0) }
        return (try? JSONValue(parsing: copy))?["commit"]?["collection"]?.string == collection
    }
}
