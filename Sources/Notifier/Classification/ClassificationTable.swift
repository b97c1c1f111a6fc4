internal import ATProtocol
internal import Network

/// The answers that are known by a name or a phrase, in the order in which they are tried.
enum ClassificationTable {
    struct Entry: Sendable {
        let verdict: Verdict
        var names: [String] = []
        var phrases: [String] = []
        var challenge: String?

        func matches(_ error: XRPCError) -> Bool {
            if let name = error.name, names.contains(name) { return true }
            if let challenge, error.headers["www-authenticate"]?.contains(challenge) == true { return true }
            return phrases.contains { error.says($0) }
        }
    }

    static let chat: [Entry] = [
        Entry(
            verdict: Verdict(3, .refresh, .nonceRejected, escalation: .sender(after: 2, .pause)),
            names: ["use_dpop_nonce"],
            challenge: "use_dpop_nonce"
        ),
        Entry(
            verdict: Verdict(4, .refresh, .tokenRejected, escalation: .sender(after: 1, .pause)),
            names: ["invalid_token"],
            challenge: "invalid_token"
        ),
        Entry(
            verdict: Verdict(6, .refresh, .proofRejected, escalation: .sender(after: 1, .pause)),
            names: ["invalid_dpop_proof"],
            challenge: "invalid_dpop_proof"
        ),
        Entry(
            verdict: Verdict(8, .pause, .scopeMissing),
            names: ["ScopeMissingError"],
            // The second phrase concerns an app password that may not read direct messages.
            phrases: ["missing required scope", "bad token method"]
        ),
        Entry(verdict: Verdict(7, .pause, .authorizationMalformed), names: ["InvalidToken", "AuthMissing"]),
        Entry(
            verdict: Verdict(9, .retry, .serviceTokenRejected, escalation: .sender(after: 3, .pause)),
            names: [
                "BadJwt", "BadJwtType", "BadJwtAudience", "BadJwtLexiconMethod", "BadJwtIss", "BadJwtSignature",
                "JwtExpired", "MissingJwt", "UntrustedIss",
            ]
        ),
        Entry(
            verdict: Verdict(10, .pause, .senderAccountInactive),
            names: ["AccountTakedown", "AccountDeactivated", "AccountNotFound"]
        ),
        Entry(
            verdict: Verdict(11, .pause, .proxyMisconfigured),
            phrases: [
                "no did specified in proxy header", "no service id specified in proxy header",
                "invalid proxy header format", "proxy header cannot contain spaces",
                "could not resolve proxy did service url", "no service configured",
            ]
        ),
        Entry(
            verdict: Verdict(
                12,
                .retry,
                .proxyUnresolved,
                escalation: .sender(after: 5, .pause),
                hold: .time(.seconds(720))
            ),
            phrases: ["could not resolve proxy did"]
        ),
        Entry(
            verdict: Verdict(13, .retry, .chatNotReachable, escalation: .sender(after: 2, .pause)),
            names: ["XRPCNotSupported", "MethodNotImplemented"]
        ),
        Entry(
            verdict: Verdict(18, .defer, .ownerDoesNotFollow),
            names: ["NotFollowedBySender"],
            phrases: ["come from someone they follow"]
        ),
        Entry(
            verdict: Verdict(19, .defer, .ownerDisabledMessages),
            names: ["MessagesDisabled"],
            phrases: ["has disabled incoming messages", "not enrolled in direct messaging"]
        ),
        Entry(
            verdict: Verdict(20, .drop, .ownerBlocked, .suppressOwner),
            names: ["BlockedActor", "BlockedSubject"],
            phrases: ["block between recipient and sender"]
        ),
        Entry(
            verdict: Verdict(21, .retry, .recipientNotFound, .resolveAgain, escalation: .job(after: 1, .drop)),
            names: ["RecipientNotFound"],
            phrases: ["recipient does not exist"]
        ),
        Entry(verdict: Verdict(22, .drop, .accountSuspended, .checkOwnStatus), names: ["AccountSuspended"]),
        Entry(
            verdict: Verdict(23, .pause, .senderChatDisabled),
            phrases: ["account is disabled", "account does not exist"]
        ),
        Entry(
            // The next try opens the conversation anew.
            verdict: Verdict(24, .retry, .conversationNotFound, escalation: .job(after: 1, .drop)),
            names: ["InvalidConvo"],
            phrases: ["convo not found"]
        ),
        Entry(verdict: Verdict(25, .drop, .conversationLocked), names: ["ConvoLocked"]),
        Entry(
            verdict: Verdict(26, .retry, .replyTargetNotFound, escalation: .job(after: 1, .drop)),
            names: ["ReplyTargetNotFound"]
        ),
        Entry(verdict: Verdict(28, .drop, .messageTooLarge), names: ["PayloadTooLarge"]),
    ]
}
