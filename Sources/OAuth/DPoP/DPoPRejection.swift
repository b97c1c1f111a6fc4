internal import ATProtocol
internal import Network

/// What a server objects to in a proof or an assertion, as far as another attempt could do better.
enum DPoPRejection: Equatable {
    case nonceWanted
    case clock

    /// Reads an answer of either kind of server; nil when it objects to nothing of the sort.
    ///
    /// Some servers refuse a wrong time without a word; then the answer's own `Date` is the hint: `clockError` is how far,
    /// in seconds, the attempt was from the server's time.
    init?(_ response: HTTPResponse, clockError: Double = 0) {
        guard response.status == 400 || response.status == 401 else { return nil }
        let error = XRPCError(response)
        if abs(clockError) > 4, error.name == "InvalidRequest", error.message == nil {
            self = .clock
            return
        }
        let challenge = AuthenticateChallenge.dpop(in: response.headers)
        let name = challenge?.parameters["error"] ?? error.name
        let message = error.message ?? challenge?.parameters["error_description"] ?? ""
        switch name {
        case "use_dpop_nonce": self = .nonceWanted
        case "invalid_dpop_proof" where Self.isAboutTime(message): self = .clock
        case "invalid_client" where Self.isAboutTime(message): self = .clock
        default: return nil
        }
    }

    /// Whether a message is about `iat` or `exp`, as the reference server's JOSE library words it.
    static func isAboutTime(_ message: String) -> Bool {
        message.contains("\"iat\" claim") || message.contains("\"exp\" claim timestamp check failed")
            || message.contains("should be in the past")
    }
}
