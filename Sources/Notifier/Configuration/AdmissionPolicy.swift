internal import ATProtocol

/// What the configuration says about telling an account of a request: the same question when its owner is found, when what
/// waits is looked at anew, and when its message is about to leave.
struct AdmissionPolicy: Sendable {
    private let policy: PolicyConfiguration
    private let rules: [String: Rule]
    private let sender: DID?
    /// Whether anything may leave.
    let isSendingEnabled: Bool

    /// The policy of a configuration; without a sender nothing is sent.
    init(_ configuration: NotifierConfiguration, sender: DID?) {
        policy = configuration.policy
        rules = Dictionary(configuration.rules.map { ($0.name, $0) }) { first, _ in first }
        self.sender = sender
        isSendingEnabled = configuration.sending.isEnabled
    }

    /// Whether an account is told of a request for what it is to the project; `isMuted` says whether they want to hear nothing
    /// of it, `isFollower` is nil when that is not known.
    ///
    /// What was seen while sending was off (`isShadow`) goes its way in shadow mode alone.
    func admission(
        of recipient: DID,
        as role: RecipientRole = .owner,
        to uri: ATURI,
        by author: DID,
        rule: String,
        isShadow: Bool,
        isSuppressed: Bool,
        isMuted: Bool = false,
        isFollower: Bool?
    ) -> Admission {
        if recipient == author { return .refused(.authorIsOwner) }
        if recipient == sender { return .refused(.ownerIsSender) }
        guard hasRule(rule, for: uri) else { return .refused(.ruleRemoved) }
        guard rules[rule]?.recipients.contains(role) == true else { return .refused(.roleNotTold) }
        if policy.blockedAuthors.contains(author) { return .refused(.authorBlocked) }
        if isSuppressed { return .refused(.ownerSuppressed) }
        if isMuted { return .refused(.projectMuted) }
        if isShadow, isSendingEnabled { return .refused(.shadowMode) }
        switch policy.recipients {
        case .anyone: return .told
        case .allowlist: return policy.allowlist.contains(recipient) ? .told : .refused(.ownerNotAllowed)
        case .followers:
            guard let isFollower else { return .waits(.relationshipUnknown) }
            return isFollower ? .told : .waits(.ownerNotFollowing)
        }
    }

    /// Whether the rule by which a request was taken is still there, and reads its collection.
    func hasRule(_ name: String, for uri: ATURI) -> Bool {
        guard let rule = rules[name], let collection = uri.collection else { return false }
        return rule.covers(collection)
    }
}
