public import ATProtocol
public import Firehose
internal import Network

/// The same matching and composing as in the daemon, without network, ledger or message: what *would* be sent.
///
/// The owner is the authority of the reference; names of projects and authors are not looked up.
public struct DryRun: Sendable {
    /// What would become of one event.
    public enum Outcome: Sendable, Equatable {
        /// A message to this owner.
        case message(to: DID, about: ATURI, rule: String, ComposedMessage)
        /// No message, for a reason.
        case refused(ATURI, rule: String, Refusal)
        /// A queued message would be called off.
        case calledOff(ATURI)
    }

    private var judge: EventClassifier
    private let composer: Composer
    private let rules: [String: Rule]
    private let marker = MessageReference(key: [])
    private var seen: Set<ATURI> = []

    /// A dry run of a configuration.
    ///
    /// - Parameters:
    ///   - configuration: its rules, policy and message are used.
    ///   - sender: the account that would send; nil for none.
    ///   - ignoresAge: true for recordings, whose requests are old by now.
    public init(configuration: NotifierConfiguration, sender: DID?, ignoresAge: Bool = true) {
        var policy = configuration.policy
        if ignoresAge { policy.maximumAge = .seconds(1 << 40) }
        judge = EventClassifier(rules: configuration.rules, policy: policy, sender: sender)
        composer = Composer(configuration: configuration)
        rules = Dictionary(configuration.rules.map { ($0.name, $0) }) { first, _ in first }
    }

    /// What would become of an event; nil when it is nobody's business or was seen before.
    public mutating func take(_ event: StreamEvent) -> Outcome? {
        switch judge.judge(event, now: event.position.witnessedAt) {
        case nil, .authorInactive, .authorBurst: return nil
        case .deleted(_, let uri): return .calledOff(uri)
        case .request(let request):
            guard request.startsJob, seen.insert(request.uri).inserted else { return nil }
            return outcome(of: request)
        }
    }

    private func outcome(of request: NewRequest) -> Outcome {
        if let refusal = request.refusal { return .refused(request.uri, rule: request.rule, refusal) }
        guard let reference = request.reference, let rule = rules[request.rule],
            let owner = reference.apparentOwner(rule)
        else {
            let refusal = Refusal(.ownerFieldInvalid, "the owner is only known to the network")
            return .refused(request.uri, rule: request.rule, refusal)
        }
        let change = ChangeRequest(
            uri: request.uri,
            author: request.event.did,
            authorName: nil,
            record: request.record,
            reference: reference,
            rule: request.rule,
            owner: owner,
            projectName: nil
        )
        do {
            let message = try composer.compose([change], marker: marker.mark(request.uri))
            return .message(to: owner, about: request.uri, rule: request.rule, message)
        } catch {
            return .refused(request.uri, rule: request.rule, error)
        }
    }
}
