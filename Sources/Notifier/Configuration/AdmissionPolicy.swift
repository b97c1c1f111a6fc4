internal import ATProtocol

/// Whether the configuration lets an account be told of a request.
///
/// The same question is asked when the owner is found, when a waiting job is judged anew, and when the message is about
/// to be sent.
struct AdmissionPolicy: Sendable {
    private let policy: PolicyConfiguration
    private let rules: [String: Rule]
    private let sender: DID?
    /// Whether messages are sent at all.
    let isSendingEnabled: Bool

    /// The policy of a configuration; without a sender nothing is sent.
    init(_ configuration: NotifierConfiguration, sender: DID?) {
        policy = configuration.policy
        rules = configuration.rulesByName
        self.sender = sender
        isSendingEnabled = configuration.sending.isEnabled
    }

    /// Whether an account is told of a request, given its role in the project.
    ///
    /// A request that was seen while sending was off (`isShadow`) is admitted only in shadow mode. `isMuted` says
    /// whether the account wants to hear nothing of the project. `isFollower` is nil when unknown.
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

    /// Whether the rule that took a request still exists and still reads the request's collection.
    func hasRule(_ name: String, for uri: ATURI) -> Bool {
        guard let rule = rules[name], let collection = uri.collection else { return false }
        return rule.covers(collection)
    }
}
