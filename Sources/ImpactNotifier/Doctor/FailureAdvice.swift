internal import ATProtocol
internal import Notifier

/// Names the failure of a call, and says what to do next.
///
/// Four failures look the same at first sight, and can cost many attempts; here each has its own name.
struct FailureAdvice {
    /// What came back, with the name of the failure.
    let found: String
    /// The next step.
    let advice: String

    init(_ failure: CallError, in phase: CallPhase, proxy: String) {
        let verdict = classify(phase, failure)
        found = "\(Self.name(of: verdict.reason)) (\(verdict.reason.rawValue)): \(failure)"
        advice = Self.advice(for: verdict.reason, proxy: proxy)
    }

    private static func name(of reason: Reason) -> String {
        switch reason {
        case .chatNotReachable: "the call never reached the chat service"
        case .proxyMisconfigured: "the proxy header names a service that does not exist"
        case .authorizationMalformed: "the token was not sent in the way that it is bound to"
        case .ownerDoesNotFollow: "no fault: the recipient takes messages only from accounts that they follow"
        case .ownerDisabledMessages: "no fault: the recipient takes messages from nobody"
        default: "the call failed"
        }
    }

    private static func advice(for reason: Reason, proxy: String) -> String {
        switch reason {
        case .chatNotReachable:
            // 404 XRPCNotSupported, or 501 MethodNotImplemented: the PDS sent the call to its AppView, which has no
            // chat.
            """
            The PDS answered itself instead of forwarding to \(proxy): a proxy in between drops the atproto-proxy header, \
            or the chat service is down. Check what stands between here and the PDS; try again in some minutes.
            """
        case .proxyMisconfigured:
            "Set chat.proxy to did:web:api.bsky.chat#bsky_chat (now: \(proxy)); the part behind # is the service id."
        case .authorizationMalformed:
            """
            A DPoP-bound token goes out as 'Authorization: DPoP', never as Bearer, and only to the sender's own PDS. Log \
            in again; if that does not help, report this line.
            """
        case .ownerDoesNotFollow:
            "Nothing to repair: the recipient must follow the sender, or allow messages from everybody in the chat settings."
        default: reason.sentence
        }
    }
}
