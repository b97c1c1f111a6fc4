internal import ATProtocol
internal import Network

/// Why a server rejected a proof or an assertion, if another attempt can fix it.
enum DPoPRejection: Equatable {
    case nonceWanted
    case clock

    /// Reads a response of an authorization or resource server; nil when it is about something else.
    ///
    /// Some servers reject a wrong time without saying so. Then the response's own `Date` is the hint: `clockError` is
    /// the difference in seconds between the attempt and the server's time.
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

    /// Whether a message is about `iat` or `exp`, in the wording of the reference server's JOSE library.
    static func isAboutTime(_ message: String) -> Bool {
        message.contains("\"iat\" claim") || message.contains("\"exp\" claim timestamp check failed")
            || message.contains("should be in the past")
    }
}
