import ATProtocol
import Glibc
import Sandbox
import Synchronization
import TestSupport
import Testing

/// A campaign against the daemon: its owners, its faults, its kills, and the count at the end.
final class Campaign: Sendable {
    /// What became of the requests, by title.
    struct Verdict {
        var delivered = 0
        var doubled: [String] = []
        var forbidden: [String] = []
        var unexplained: [String] = []
        var reasons: [String: Int] = [:]
        var faults = 0

        var summary: String {
            let list = reasons.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            return "delivered \(delivered), faults \(faults), reasons of the others: \(list)"
        }
    }

    /// Owners by what happens to their messages: the last five of twenty cannot get any.
    private enum Kind: Int {
        case open
        case disabled
        case notFollowing
        case blocking
        case deleted
        case withoutPDS
    }

    /// How many requests; nil when no campaign is wanted.
    static let size: Int? = unsafe getenv("IMPACT_NOTIFIER_CAMPAIGN").flatMap { unsafe Int(String(cString: $0)) }
    private static let ownerCount = 60

    private let stage: Stage
    private let requests: Int
    private let kills: Int
    private let seed: UInt64
    private let titles = Mutex<[String: String]>([:])
    private let log = Mutex<[String]>([])

    init(requests: Int, kills: Int) async throws {
        seed = randomSeed()
        self.requests = requests
        self.kills = kills
        stage = try await Stage(
            owners: Self.ownerCount,
            overrides: [
                // Longer than a busy machine lets a request lie before it is carried out: after less, "not there" proves nothing.
                "sending.settle": "2s", "sending.maximum_sends": "5", "sending.first_wait": "50ms",
                "sending.maximum_wait": "500ms", "sending.first_limit_wait": "100ms",
                "sending.maximum_limit_wait": "500ms", "lookup.first_wait": "50ms", "lookup.maximum_wait": "500ms",
            ]
        )
        try restrictOwners()
    }

    private static func kind(of owner: Int) -> Kind { Kind(rawValue: owner % 20 - 14) ?? .open }

    private func restrictOwners() throws {
        for (number, owner) in stage.owners.enumerated() {
            switch Self.kind(of: number) {
            case .open: break
            case .disabled: try stage.network.setAllowIncoming(.none, of: owner)
            case .notFollowing: try stage.network.setAllowIncoming(.following, of: owner)
            case .blocking: stage.network.setBlocking(true, owner, stage.bot)
            case .deleted: stage.network.plc.tombstone(owner.did)
            case .withoutPDS:
                stage.network.plc.setDocument(
                    of: owner.did,
                    PLCDirectory.document(of: owner.did, handle: owner.handle, pds: nil)
                )
            }
        }
    }

    /// Runs to the end: until every deliverable request has its message, or nothing moves any more.
    func run() async throws {
        let faults: [Fault] = [
            .dropAfter, .dropBefore, .resetAfter, .resetBefore, .truncated, .chatRateLimit,
            .pdsRateLimit(retryAfter: 0),
            .upstreamFailure, .upstreamFailureAfter, .emptyObject, .html404, .plainText,
        ]
        stage.network.faults.campaign(faults, on: "/xrpc/chat.bsky", share: 0.3, seed: seed)
        stage.network.faults.campaign(faults, on: "com.atproto.repo.getRecord", share: 0.1, seed: seed &+ 1)
        stage.network.faults.campaign(faults, on: "plc GET", share: 0.1, seed: seed &+ 2)
        let writer = Task { try await write() }
        var generator = SeededGenerator(seed: seed)
        var process = try start()
        for kill in 1...kills {
            let share = Double(kill) / Double(kills + 1)
            let due = Int(Double(deliverable) * share)
            _ = await stage.messages(reaching: due, within: .seconds(120), unless: process)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...300, using: &generator)))
            try #require(process.ending == nil, tail(process))
            try await stage.kill(process)
            process = try start()
        }
        try await writer.value
        var last = -1
        while stage.network.chat.messages.count > last, last < deliverable {
            last = stage.network.chat.messages.count
            _ = await stage.messages(reaching: deliverable, within: .seconds(60), unless: process)
        }
        _ = await stage.messages(reaching: .max, within: .seconds(10), unless: process)
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(45)) == .exited(0), tail(process))
    }

    private var deliverable: Int { (0..<requests).filter { Self.kind(of: $0 % Self.ownerCount) == .open }.count }

    private func start() throws -> ChildProcess {
        let process = try stage.daemon.run()
        Task {
            for await line in process.lines() where line.contains("reason=") { log.withLock { $0.append(line) } }
        }
        return process
    }

    /// Writes the requests, never more than 500 ahead of the deliveries.
    private func write() async throws {
        for number in 0..<requests {
            let title = "Request \(number)."
            let uri = try stage.ask(title, of: number % Self.ownerCount)
            titles.withLock { $0[title] = uri }
            guard number.isMultiple(of: 100), number > 500 else { continue }
            _ = await stage.network.chat.messages(reaching: (number - 500) * 2 / 3, within: .seconds(300))
        }
    }

    /// Counts messages by title and looks up the reason of each request that has none.
    func verdict() -> Verdict {
        var counts: [String: Int] = [:]
        for message in stage.network.chat.messages {
            guard let start = message.text.firstRange(of: "“")?.upperBound,
                let end = message.text[start...].firstIndex(of: "”")
            else { continue }
            counts[String(message.text[start..<end]), default: 0] += 1
        }
        let reasons = self.reasons()
        var verdict = Verdict()
        verdict.faults = stage.network.faults.fired
        for number in 0..<requests {
            let title = "Request \(number)."
            let count = counts[title] ?? 0
            if count > 1 { verdict.doubled.append("\(title) \(story(of: title))") }
            if count > 0 {
                verdict.delivered += 1
                if Self.kind(of: number % Self.ownerCount) != .open { verdict.forbidden.append(title) }
            } else if let reason = titles.withLock({ $0[title] }).flatMap({ reasons[$0] }) {
                verdict.reasons[reason, default: 0] += 1
            } else {
                verdict.unexplained.append(title)
            }
        }
        return verdict
    }

    /// What the log says about a request.
    private func story(of title: String) -> String {
        guard let uri = titles.withLock({ $0[title] }) else { return "" }
        return log.withLock { $0.filter { $0.contains(uri) } }.joined(separator: "\n")
    }

    /// The last reason that the log gives for each request.
    private func reasons() -> [String: String] {
        var reasons: [String: String] = [:]
        for line in log.withLock(\.self) {
            func value(_ key: String) -> String? {
                line.firstRange(of: " \(key)=").map { String(line[$0.upperBound...].prefix { $0 != " " }) }
            }
            if let uri = value("uri"), let reason = value("reason") { reasons[uri] = reason }
        }
        return reasons
    }
}
