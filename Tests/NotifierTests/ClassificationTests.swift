import ATProtocol
import Network
import Testing

@testable import Notifier

@Suite struct `The classification of failures` {
    struct Case: Sendable, CustomTestStringConvertible {
        let row: Int
        let phase: CallPhase
        let failure: CallError
        let action: Verdict.Action
        let reason: Reason

        init(_ row: Int, _ phase: CallPhase, _ failure: CallError, _ action: Verdict.Action, _ reason: Reason) {
            self.row = row
            self.phase = phase
            self.failure = failure
            self.action = action
            self.reason = reason
        }

        var testDescription: String { "row \(row): \(phase.rawValue), \(failure)" }
    }

    static func answer(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> CallError {
        .answer(XRPCError(HTTPResponse(status: status, headers: headers, body: Array(body.utf8))))
    }

    static func named(_ status: Int, _ name: String, _ message: String = "") -> CallError {
        answer(status, #"{"error":"\#(name)","message":"\#(message)"}"#)
    }

    static func transport(_ code: HTTPError.Code, sent: Bool) -> CallError {
        .session(SessionError(HTTPError(code: code, origin: "https://pds.test", detail: "", mayHaveBeenSent: sent)))
    }

    static func identity(_ code: IdentityError.Code) -> CallError {
        .identity(IdentityError(code: code, subject: "did:plc:x", detail: ""))
    }

    static let way: [Case] = [
        Case(1, .sendMessage, transport(.nameResolution, sent: false), .retry, .connectionFailed),
        Case(1, .sendMessage, transport(.tls, sent: false), .retry, .connectionFailed),
        Case(2, .sendMessage, transport(.timeout, sent: true), .verify, .outcomeUnknown),
        Case(2, .sendMessage, .unreadable(status: 200, detail: "cut"), .verify, .outcomeUnknown),
        Case(2, .openConversation, .unreadable(status: 200, detail: "cut"), .retry, .answerUnreadable),
        Case(
            3,
            .sendMessage,
            named(401, "use_dpop_nonce", "Authorization server requires nonce"),
            .refresh,
            .nonceRejected
        ),
        Case(4, .sendMessage, named(401, "invalid_token", "Token expired at 2026"), .refresh, .tokenRejected),
        Case(
            4,
            .sendMessage,
            answer(401, "", ["WWW-Authenticate": #"DPoP error="invalid_token""#]),
            .refresh,
            .tokenRejected
        ),
        Case(5, .sendMessage, .session(SessionError(code: .needsLogin, sentence: "")), .pause, .loginRequired),
        Case(6, .sendMessage, named(401, "invalid_dpop_proof", "DPoP proof replayed"), .refresh, .proofRejected),
        Case(
            7,
            .sendMessage,
            named(400, "InvalidToken", "Token could not be verified"),
            .pause,
            .authorizationMalformed
        ),
        Case(7, .sendMessage, named(401, "AuthMissing", "Authentication Required"), .pause, .authorizationMalformed),
        Case(8, .sendMessage, named(403, "ScopeMissingError", "Missing required scope"), .pause, .scopeMissing),
        Case(8, .sendMessage, named(403, "Forbidden", #"Missing required scope \"rpc:x\""#), .pause, .scopeMissing),
        Case(9, .sendMessage, named(401, "BadJwtLexiconMethod"), .retry, .serviceTokenRejected),
        Case(9, .sendMessage, named(401, "JwtExpired"), .retry, .serviceTokenRejected),
        Case(
            10,
            .sendMessage,
            named(401, "AccountTakedown", "Account has been taken down"),
            .pause,
            .senderAccountInactive
        ),
        Case(10, .sendMessage, named(403, "AccountNotFound"), .pause, .senderAccountInactive),
        Case(
            11,
            .sendMessage,
            named(400, "InvalidRequest", "could not resolve proxy did service url"),
            .pause,
            .proxyMisconfigured
        ),
        Case(
            11,
            .sendMessage,
            named(400, "InvalidRequest", "No service configured for chat.bsky.convo.sendMessage"),
            .pause,
            .proxyMisconfigured
        ),
        Case(12, .sendMessage, named(400, "InvalidRequest", "could not resolve proxy did"), .retry, .proxyUnresolved),
        Case(13, .sendMessage, named(404, "XRPCNotSupported", "XRPC Not Supported"), .retry, .chatNotReachable),
        Case(13, .sendMessage, named(501, "MethodNotImplemented"), .retry, .chatNotReachable),
        Case(13, .sendMessage, answer(404, "<html><body>Not Found</body></html>"), .retry, .chatNotReachable),
        Case(13, .openConversation, answer(403, "<html>Forbidden</html>"), .retry, .chatNotReachable),
        Case(
            14,
            .sendMessage,
            answer(429, #"{"error":"RateLimitExceeded"}"#, ["RateLimit-Remaining": "0"]),
            .retry,
            .pdsRateLimited
        ),
        Case(14, .sendMessage, answer(429, "{}", ["Retry-After": "30"]), .retry, .pdsRateLimited),
        Case(
            15,
            .sendMessage,
            answer(
                429,
                #"{"error":"RateLimitExceeded","message":"Too Many Requests"}"#,
                ["ratelimit-remaining": "2900"]
            ),
            .retry,
            .chatRateLimited
        ),
        Case(15, .sendMessage, answer(429, "Too Many Requests"), .retry, .chatRateLimited),
        Case(16, .sendMessage, named(502, "UpstreamFailure", "Upstream service unreachable"), .verify, .outcomeUnknown),
        Case(
            16,
            .readMessages,
            named(502, "UpstreamFailure", "Upstream service unreachable"),
            .retry,
            .upstreamUnreachable
        ),
        Case(17, .sendMessage, answer(522, "{}"), .verify, .outcomeUnknown),
        Case(17, .sendMessage, answer(408, "{}"), .verify, .outcomeUnknown),
        Case(17, .sendMessage, answer(503, "<html>busy</html>"), .verify, .outcomeUnknown),
        Case(17, .openConversation, answer(400, #"{"error":"NotFollowedBy"#), .retry, .answerUnreadable),
        Case(17, .sendMessage, answer(401, ""), .retry, .answerUnreadable),
        Case(17, .openConversation, named(500, "InternalServerError", "Internal Server Error"), .retry, .serverError),
        Case(17, .openConversation, answer(500, "unable to resolve service 'bsky_chat'"), .retry, .serverError),
    ]

    static let owner: [Case] = [
        Case(
            18,
            .openConversation,
            named(400, "NotFollowedBySender", "recipient requires incoming messages to come from someone they follow"),
            .defer,
            .ownerDoesNotFollow
        ),
        Case(
            18,
            .openConversation,
            named(400, "InvalidRequest", "recipient requires incoming messages to come from someone they follow"),
            .defer,
            .ownerDoesNotFollow
        ),
        Case(19, .openConversation, named(400, "MessagesDisabled"), .defer, .ownerDisabledMessages),
        Case(
            19,
            .openConversation,
            named(400, "InvalidRequest", "MessagesDisabled: recipient has disabled incoming messages"),
            .defer,
            .ownerDisabledMessages
        ),
        Case(19, .openConversation, .chatDisabled(isSender: false), .defer, .ownerDisabledMessages),
        Case(
            20,
            .openConversation,
            named(400, "BlockedActor", "block between recipient and sender"),
            .drop,
            .ownerBlocked
        ),
        Case(20, .sendMessage, named(400, "BlockedSubject"), .drop, .ownerBlocked),
        Case(
            21,
            .openConversation,
            named(400, "RecipientNotFound", "recipient does not exist"),
            .retry,
            .recipientNotFound
        ),
        Case(22, .openConversation, named(400, "AccountSuspended"), .drop, .accountSuspended),
        Case(23, .openConversation, named(400, "InvalidRequest", "Account is disabled"), .pause, .senderChatDisabled),
        Case(
            23,
            .openConversation,
            named(400, "InvalidRequest", "Account does not exist"),
            .pause,
            .senderChatDisabled
        ),
        Case(23, .readStatus, .chatDisabled(isSender: true), .pause, .senderChatDisabled),
        Case(24, .sendMessage, named(400, "InvalidConvo", "Convo not found"), .retry, .conversationNotFound),
        Case(25, .sendMessage, named(400, "ConvoLocked"), .drop, .conversationLocked),
        Case(26, .sendMessage, named(400, "ReplyTargetNotFound"), .retry, .replyTargetNotFound),
        Case(
            27,
            .sendMessage,
            named(400, "InvalidRequest", "Input/message/text must not be longer than 10000 bytes"),
            .drop,
            .requestRefused
        ),
        Case(28, .sendMessage, named(413, "PayloadTooLarge", "request entity too large"), .drop, .messageTooLarge),
        Case(17, .sendMessage, answer(413, "<html></html>"), .verify, .outcomeUnknown),
        Case(17, .sendMessage, named(413, "PayloadTooLarge", "Payload Too Large"), .verify, .outcomeUnknown),
        Case(17, .sendMessage, named(400, "InvalidRequest", "Invalid Request"), .verify, .outcomeUnknown),
        Case(17, .openConversation, named(400, "InvalidRequest", "Invalid Request"), .retry, .answerUnreadable),
        Case(
            17,
            .openConversation,
            named(401, "AuthenticationRequired", "Authentication Required"),
            .retry,
            .answerUnreadable
        ),
        Case(17, .openConversation, answer(413, "<html></html>"), .retry, .answerUnreadable),
        Case(46, .sendMessage, .misdirected(""), .verify, .outcomeUnknown),
        Case(46, .openConversation, .misdirected(""), .retry, .answerMisdirected),
        Case(29, .identity, identity(.notFound), .retry, .didNotFound),
        Case(30, .identity, identity(.unavailable), .retry, .identityUnavailable),
        Case(30, .project, answer(503, ""), .retry, .projectUnavailable),
        Case(30, .project, .refused(Refusal(.hostPaused, "")), .retry, .hostPaused),
        Case(31, .identity, identity(.unsupportedMethod), .drop, .didUnsupported),
        Case(30, .identity, identity(.invalidDocument), .retry, .didDocumentInvalid),
        Case(31, .identity, identity(.noPDS), .drop, .didDocumentWithoutPDS),
        Case(31, .input, .refused(Refusal(.referenceMalformed, "")), .skip, .referenceMalformed),
        Case(32, .identity, identity(.refusedHost), .drop, .hostRefused),
        Case(
            32,
            .project,
            .transport(HTTPError(code: .refusedHost, origin: "https://x", detail: "", mayHaveBeenSent: false)),
            .drop,
            .hostRefused
        ),
        Case(32, .project, answer(302, ""), .drop, .projectInvalid),
        Case(30, .project, .unreadable(status: 200, detail: "HTML"), .retry, .projectUnavailable),
        Case(33, .project, named(400, "RecordNotFound", "Could not locate record: at://x"), .drop, .projectNotFound),
        Case(34, .project, named(400, "RepoNotFound", "Could not find repo for DID: x"), .retry, .repositoryNotFound),
        Case(35, .project, .inactiveRepository(status: "deactivated"), .defer, .repositoryInactive),
        Case(35, .project, .inactiveRepository(status: "throttled"), .defer, .repositoryInactive),
        Case(36, .project, .inactiveRepository(status: "takendown"), .drop, .repositoryGone),
        Case(37, .input, .refused(Refusal(.authorIsOwner, "")), .skip, .authorIsOwner),
        Case(37, .input, .refused(Refusal(.ownerSuppressed, "")), .skip, .ownerSuppressed),
    ]

    @Test(arguments: way + owner) func `each failure has the row, the action and the reason of the table`(it: Case) {
        let verdict = classify(it.phase, it.failure)
        #expect(verdict.row == it.row)
        #expect(verdict.action == it.action)
        #expect(verdict.reason == it.reason)
    }

    @Test(arguments: [400, 401, 413])
    func `an edge that answers every call in its own way pauses the sender`(_ status: Int) {
        let verdict = classify(.openConversation, Self.answer(status, "<html></html>"))
        #expect(verdict.escalated(occurrences: 5).action == .retry)
        #expect(verdict.escalated(occurrences: 6).action == .pause)
    }

    @Test func `the cases cover all rows of the way and of owners`() {
        #expect(Set((Self.way + Self.owner).map(\.row)) == Set(1...37).union([46]))
    }

    @Test func `every reason has a sentence of its own (invariant 9)`() {
        #expect(Set(Reason.allCases.map(\.sentence)).count == Reason.allCases.count)
        #expect(Reason.allCases.allSatisfy { $0.sentence.hasSuffix(".") && $0.sentence.count > 20 })
        #expect(Reason.allCases.allSatisfy { $0.rawValue.allSatisfy { $0.isLowercase || $0 == "-" } })
    }

    @Test func `only sendMessage is ever verified, whatever comes back`() {
        for phase in CallPhase.allCases where phase != .sendMessage {
            for it in Self.way + Self.owner { #expect(classify(phase, it.failure).action != .verify) }
        }
    }

    @Test func `no refusal with an XRPC error is taken for doubt`() {
        for status in 400..<500 where status != 408 && status != 425 {
            #expect(classify(.sendMessage, Self.named(status, "AnyError")).action != .verify)
        }
    }

    @Test func `a verdict escalates after its occurrences`() {
        let verdict = classify(.openConversation, Self.named(400, "RecipientNotFound"))
        #expect(verdict.escalated(occurrences: 1).action == .retry)
        #expect(verdict.escalated(occurrences: 2).action == .drop)
    }
}
