internal import ATProtocol
internal import Logging
internal import Network
internal import Synchronization

/// The relationship of an account to the sender.
struct Relationship: Sendable, Equatable {
    /// Whether it follows the sender.
    let isFollower: Bool
    /// Whether either blocks the other, directly or by a list.
    let isBlocked: Bool
}

/// Asks the AppView who follows the sender; public data, read without login.
///
/// After a rate limit or without an answer, all questions wait, whoever asks.
final class RelationshipClient: Sendable {
    /// The questions to the AppView.
    enum Question: String, CaseIterable {
        /// The relationships of at most ``batchSize`` accounts to the sender.
        case relationships = "app.bsky.graph.getRelationships"
        /// The sender's followers, the latest first.
        case followers = "app.bsky.graph.getFollowers"
    }

    private struct Hold {
        var failures = 0
        var until = UnixTime.distantPast
    }

    private let appView: WebURL?
    private let sender: DID
    private let longestWait: Duration
    private let http: any HTTPClient
    private let clock: any WallClock
    private let logger: Logger
    private let holds = Mutex<[Question: Hold]>([:])

    /// The most accounts in one question.
    static let batchSize = 30
    /// The first wait after a failure; doubles up to the interval of the follow check.
    static let firstWait = Duration.seconds(15)
    /// The longest `Retry-After` that we obey.
    static let longestHold = Duration.seconds(86_400)

    init(
        configuration: NotifierConfiguration,
        sender: DID,
        http: any HTTPClient,
        clock: any WallClock,
        logger: Logger
    ) {
        appView = configuration.lookup.appView
        longestWait = max(.milliseconds(50), configuration.policy.followInterval)
        self.sender = sender
        self.http = http
        self.clock = clock
        self.logger = logger
    }

    /// The relationships of these accounts; empty when the AppView knows none of them, or does not know the sender.
    func relationships(with others: [DID]) async throws(CallError) -> [DID: Relationship] {
        let known = try await ask(.relationships, others.map { ("others", $0.text) }) { json throws(CallError) in
            guard isOurs(json["actor"]) else { throw .misdirected("the answer is about another account") }
            return json["relationships"]?.array.map { list in
                Dictionary(list.compactMap(Relationship.read)) { first, _ in first }
            }
        }
        guard !known.isEmpty else { return [:] }
        // An account that the AppView does not know, while it knows others, follows nobody.
        return Dictionary(others.map { ($0, known[$0] ?? Relationship(isFollower: false, isBlocked: false)) }) { $1 }
    }

    /// A page of the sender's followers, the latest first, with the cursor to the next page.
    func followers(after cursor: String?) async throws(CallError) -> (followers: [DID], cursor: String?) {
        try await ask(.followers, [("limit", "100")] + (cursor.map { [("cursor", $0)] } ?? [])) {
            json throws(CallError) in
            guard isOurs(json["subject"]?["did"]) else { throw .misdirected("the answer is about another account") }
            return json["followers"]?.array.map { list in
                (list.compactMap { $0["did"]?.string.flatMap { try? DID($0) } }, json["cursor"]?.string)
            }
        }
    }

    /// Whether an answer is about the sender, as far as it says.
    private func isOurs(_ actor: JSONValue?) -> Bool { actor?.string.map { $0 == sender.text } ?? true }

    /// How long a question must wait; nil when it may be asked now.
    func pause(of question: Question) -> Duration? {
        guard appView != nil else { return .seconds(Int64.max) }
        let (now, until) = (clock.now(), holds.withLock { $0[question]?.until } ?? .distantPast)
        return now < until ? until - now : nil
    }

    private func ask<Value: Sendable>(
        _ question: Question,
        _ query: [(name: String, value: String)],
        _ read: (JSONValue) throws(CallError) -> Value?
    ) async throws(CallError) -> Value {
        guard let appView, pause(of: question) == nil else {
            throw .refused(Refusal(.hostPaused, appView?.authority ?? "no AppView is configured"))
        }
        do throws(CallError) {
            let url = appView.with(path: "/xrpc/\(question.rawValue)", query: [("actor", sender.text)] + query)
            let response: HTTPResponse
            do { response = try await http.send(HTTPRequest(.get, url, timeout: .seconds(20))) } catch {
                throw .transport(error)
            }
            guard let value = try read(try response.json()) else {
                throw .unreadable(status: response.status, detail: "the answer is not one of \(question.rawValue)")
            }
            holds.withLock { if pauseIsOver($0[question]) { $0[question] = nil } }
            return value
        } catch {
            hold(question, after: error)
            throw error
        }
    }

    private func pauseIsOver(_ hold: Hold?) -> Bool { (hold?.until ?? .distantPast) <= clock.now() }

    private func hold(_ question: Question, after failure: CallError) {
        let now = clock.now()
        var asked: Duration?
        if case .answer(let error) = failure {
            asked = error.headers["retry-after"].flatMap { RetryAfter.wait($0, now: now) }
        }
        let status = failure.status ?? 500
        // A failure of one question alone says nothing about the other.
        let isEverybodys = asked != nil || status == 429 || status >= 500
        let wait = holds.withLock { holds in
            var wait = Duration.zero
            for held in Question.allCases where held == question || isEverybodys {
                var hold = holds[held] ?? Hold()
                let backoff = Self.firstWait.doubled(hold.failures, atMost: longestWait)
                // Several failures at the same time count as one.
                if pauseIsOver(hold) { hold.failures += 1 }
                wait = min(max(asked ?? .zero, backoff), max(Self.longestHold, longestWait))
                hold.until = max(hold.until, now + wait)
                holds[held] = hold
            }
            return wait
        }
        logger.warning(
            "the AppView does not say who follows the sender; tried again",
            metadata: [
                "reason": "\(Reason.relationshipUnknown.rawValue)", "detail": "\(failure)",
                "next_s": .stringConvertible(wait.wholeSeconds),
            ]
        )
    }
}

extension Relationship {
    // An account that the AppView does not know has no `did` here (#notFoundActor).
    fileprivate static func read(_ entry: JSONValue) -> (DID, Relationship)? {
        guard let did = entry["did"]?.string.flatMap({ try? DID($0) }) else { return nil }
        let blocks = ["blocking", "blockedBy", "blockingByList", "blockedByList"]
        let isBlocked = blocks.contains { entry[$0]?.string != nil }
        return (did, Relationship(isFollower: entry["followedBy"]?.string != nil, isBlocked: isBlocked))
    }
}
