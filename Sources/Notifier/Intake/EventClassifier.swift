internal import ATProtocol
internal import Firehose
internal import Network

/// Decides what a stream event means, by the configuration and by earlier events.
struct EventClassifier: Sendable {
    private let rules: [Rule]
    private let policy: PolicyConfiguration
    private let sender: DID?
    private var followed: FollowedCollections
    private var freshness: FreshnessClassifier

    /// The longest text of a record that is kept for templates, in characters.
    static let maximumText = 2000
    /// The most of a record that is kept, in bytes.
    static let maximumRecord = 16 << 10

    /// A classifier that has seen nothing yet.
    ///
    /// Without a sender nothing is sent. Without a note of when rules began to follow a collection, they always have.
    init(_ configuration: NotifierConfiguration, sender: DID?, followed: FollowedCollections = FollowedCollections()) {
        rules = configuration.rules
        policy = configuration.policy
        self.sender = sender
        self.followed = followed
        freshness = FreshnessClassifier(window: configuration.policy.maximumAge)
    }

    /// What an event means; nil when it does not concern us.
    ///
    /// Needs all events, in the order of the stream.
    mutating func classify(_ event: StreamEvent, now: UnixTime) -> IntakeItem? {
        let freshness = freshness.classify(event, now: now)
        switch event.body {
        case .account(isActive: false, let status) where Self.isGone(status):
            return .authorInactive(event.did, witnessed: event.position.witnessed)
        // A Jetstream sends each record of the repository again.
        case .sync where event.position.wire == .relay:
            return .repositoryReplaced(event.did, witnessed: event.position.witnessed)
        case .account, .identity, .sync: return nil
        case .commit(let commit): return classify(commit, event, freshness, now: now)
        }
    }

    /// Whether the account is gone, and not merely out of step with a relay (`desynchronized`, `throttled`; sync spec).
    private static func isGone(_ status: String?) -> Bool {
        status.map { ["takendown", "suspended", "deleted", "deactivated"].contains($0) } ?? true
    }

    private func classify(
        _ commit: StreamEvent.Commit,
        _ event: StreamEvent,
        _ freshness: Freshness?,
        now: UnixTime
    ) -> IntakeItem? {
        let covering = rules.filter { $0.covers(commit.collection) }
        guard !covering.isEmpty else { return nil }
        let uri = ATURI(event.did, commit.collection, commit.recordKey)
        guard commit.operation != .delete else { return .deleted(event, uri: uri) }
        let record = commit.record ?? .object([:])
        // The first rule whose conditions hold decides. Without one the record does not concern us, and an earlier
        // version of it is taken back.
        let rule = covering.first { $0.matches(record) }
        var (references, leftOut, refusal) = ([ProjectReference](), 0, Refusal?.none)
        if let rule {
            switch rule.references(in: record) {
            case .success(let all):
                (references, leftOut) = rule.selection(of: all)
                refusal =
                    check(references, rule, event, freshness, now: now)
                    ?? beginning(covering.filter { $0.matches(record) }, commit)
            case .failure(let cause): refusal = cause
            }
        } else {
            refusal = Refusal(.conditionUnmet, "the conditions of \(covering.map(\.name).joined(separator: ", "))")
        }
        return .request(
            NewRequest(
                event: event,
                commit: commit,
                uri: uri,
                rule: (rule ?? covering[0]).name,
                record: record.abridged(characters: Self.maximumText, bytes: Self.maximumRecord),
                references: references,
                leftOut: leftOut,
                refusal: refusal,
                startsJob: rule?.operations.contains(commit.operation) ?? false
            )
        )
    }

    /// Corrects since when rules follow collections, after our clock was ahead; returns whether anything changed.
    mutating func lowerBeginnings(to time: UnixTime, from latest: UnixTime) -> Bool {
        followed.lower(to: time, from: latest)
    }

    /// The refusal of a record that was written before any matching rule followed its collection; nil when it was not.
    private func beginning(_ rules: [Rule], _ commit: StreamEvent.Commit) -> Refusal? {
        guard let beginning = followed.beginning(rules, commit.collection),
            let written = FreshnessClassifier.time(commit.rev), written < beginning
        else { return nil }
        return Refusal(.recordBeforeRule, "written at \(written); a rule for such records began at \(beginning)")
    }

    private func check(
        _ references: [ProjectReference],
        _ rule: Rule,
        _ event: StreamEvent,
        _ freshness: Freshness?,
        now: UnixTime
    ) -> Refusal? {
        let author = event.did
        if policy.blockedAuthors.contains(author) { return Refusal(.authorBlocked, author.text) }
        if rule.tellsOwnersOnly {
            let owners = Set(references.map { rule.apparentOwner(of: $0) })
            if owners == [author] { return Refusal(.authorIsOwner, author.text) }
            if let sender, owners == [sender] { return Refusal(.ownerIsSender, sender.text) }
        }
        // Names the clocks, in case they were wrong.
        let times = "the host saw it at \(event.position.witnessedAt), and this machine's clock said \(now)"
        return freshness?.refusal.map { Refusal($0, freshness == .stale ? times : "") }
    }
}

extension Freshness {
    /// Why nobody is told of the record; nil when somebody is.
    ///
    /// A wrong clock of its author is no reason.
    fileprivate var refusal: Reason? {
        switch self {
        case .fresh, .late, .misdated: nil
        case .stale: .tooOld
        case .resync: .recordResynchronized
        case .imported: .recordImported
        case .backdated: .recordBackdated
        }
    }
}
