import ATProtocol
import Firehose
import Network
import TestSupport

@testable import Notifier

// What Resolver, WaitKeeper and MentionPoster do.
extension ModelDriver {
    mutating func look() async throws {
        if let due = try await queue.nextLookup() { state.now = max(state.now, due) }
        let running = Set(state.looking.map(\.request.request))
        for request in try await queue.dueLookups(limit: 8, excluding: running, now: state.now) {
            var recipients: [DID: Admission] = [:]
            for recipient in ModelWorld.recipients(of: request.references.text) {
                recipients[recipient] = policy.admission(
                    of: recipient,
                    to: request.uri,
                    by: request.author,
                    rule: request.rule,
                    isShadow: request.isShadow,
                    isSuppressed: try await store.ledger.suppressions.contains(recipient),
                    isFollower: try await store.ledger.recipients.follows(recipient, in: state.now - 3600...state.now)
                )
            }
            state.looking.append(.init(request: request, recipients: recipients))
        }
    }

    mutating func find(_ finding: ModelStep.Finding) async throws {
        let looking = state.looking.removeFirst()
        let resolution: Resolution
        if !world.configuration.rules.contains(where: { $0.name == looking.request.rule }) {
            resolution = .refused(Refusal(.ruleRemoved, ""), .input)
        } else {
            switch finding {
            case .recipients:
                guard !looking.request.references.isEmpty else { return }
                resolution = .recipients(looking.recipients, .init(references: looking.request.references), nil)
            case .nothing: resolution = .refused(Refusal(.projectNotFound, ""), .project)
            case .unreachable: resolution = try await failed(looking.request, ModelFailure.unreachable)
            case .givenUp: resolution = try await failed(looking.request, ModelFailure.unreachable, isGivenUp: true)
            case .accountInactive:
                resolution = try await failed(looking.request, .inactiveRepository(status: "deactivated"))
            case .didNotFound: resolution = try await failed(looking.request, ModelFailure.noIdentity)
            }
        }
        _ = try await queue.resolve(looking.request, as: resolution, now: state.now)
    }

    private func failed(_ request: Job, _ failure: CallError, isGivenUp: Bool = false) async throws -> Resolution {
        let verdict = try await queue.escalated(classify(.project, failure), request: request.request, owner: nil)
        return .failed(verdict, isGivenUp: isGivenUp, Attempt(.project, failure, verdict))
    }

    mutating func ask() async throws {
        if let due = try await queue.nextQuestion() { state.now = max(state.now, due) }
        let owners = try await queue.ownersToAsk(limit: 30, now: state.now)
        for owner in owners where world.blockers.contains(owner) {
            _ = try await store.ledger.suppressions.suppress(owner, .ownerBlocked, now: state.now)
        }
        _ = try await queue.learn(owners.map { ($0, world.followers.contains($0)) }, now: state.now)
        _ = try await queue.wakeFollowers(now: state.now)
    }

    mutating func mention(_ posting: ModelStep.Posting) async throws {
        let mentions = world.configuration.mentions
        guard case .post(let job) = try await queue.nextMention(mentions, policy: policy, now: state.now),
            let owner = job.owner
        else { return }
        let number = Int("\(job.uri)".suffix(1)) ?? -1
        let key = MessageReference(key: []).recordKey(of: job.uri, for: owner).text
        let mayArrive = posting != .killedBeforeStoring && posting != .lostBeforeStoring
        if mayArrive, posting != .limited, posting != .impossible, world.posts[key] == nil {
            let told = "r\(number)-\(world.records[number]?.rawValue ?? "")"
            faults += world.faults(of: [told], to: owner, suppressed: try await suppressed())
            if world.settings != .mentions { faults.append("\(owner) did not agree to be mentioned") }
            let post = "r\(number) to \(owner)"
            if world.posts.values.contains(post) { faults.append("there are two posts of \(post)") }
            state.world.posts[key] = post
        }
        switch posting {
        case .arrives:
            let note = Attempt(.postMention, outcome: JobState.delivered.rawValue)
            _ = try await queue.apply(.posted, to: [job.id], note, now: state.now)
        case .killedBeforeStoring, .killedAfterStoring: try await restart()
        case .limited: try await notPosted(job, .refused, ModelFailure.limited)
        case .lostBeforeStoring, .lostAfterStoring: try await notPosted(job, .unknown, ModelFailure.lost)
        case .impossible: try await notPosted(job, .impossible, .refused(Refusal(.ruleRemoved, "")))
        }
    }

    private func notPosted(_ job: Job, _ outcome: JobMachine.PostOutcome, _ failure: CallError) async throws {
        let note = Attempt(.postMention, failure, classify(.postMention, failure))
        let wait: Duration = outcome == .impossible ? 0 : 5
        _ = try await queue.postFailed(outcome, of: job.id, note, wait: wait, policy: policy, now: state.now)
    }
}

/// What the network says instead of what was asked for.
enum ModelFailure {
    static let limited = answer(429, ["ratelimit-remaining": "10"], "{}")
    static let serverError = answer(500, body: #"{"error":"InternalServerError"}"#)
    static let blocked = answer(400, body: #"{"error":"BlockedActor"}"#)
    static let notFollowed = answer(400, body: #"{"error":"NotFollowedBySender"}"#)
    static let silenced = answer(400, body: #"{"error":"MessagesDisabled"}"#)
    static let noRecipient = answer(400, body: #"{"error":"RecipientNotFound"}"#)
    static let locked = answer(400, body: #"{"error":"ConvoLocked"}"#)
    static let noLogin = CallError.session(SessionError(code: .needsLogin, sentence: ""))
    static let lost = transport(mayHaveBeenSent: true)
    static let unreachable = transport(mayHaveBeenSent: false)
    static let noIdentity = CallError.identity(IdentityError(code: .notFound, subject: "did", detail: ""))

    private static func answer(_ status: Int, _ headers: HTTPHeaders = [:], body: String) -> CallError {
        answer(status, headers, body)
    }

    private static func answer(_ status: Int, _ headers: HTTPHeaders, _ body: String) -> CallError {
        .answer(XRPCError(HTTPResponse(status: status, headers: headers, body: Array(body.utf8))))
    }

    private static func transport(mayHaveBeenSent: Bool) -> CallError {
        .session(
            SessionError(
                HTTPError(
                    code: .connectionLost,
                    origin: "https://pds.test",
                    detail: "",
                    mayHaveBeenSent: mayHaveBeenSent
                )
            )
        )
    }
}
