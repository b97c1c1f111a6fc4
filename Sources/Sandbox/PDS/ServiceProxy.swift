internal import ATProtocol
internal import Network

/// Carries `chat.bsky.*` and `app.bsky.*` calls to the service that `atproto-proxy` names, with the exact refusals of
/// the reference server.
///
/// The header is judged before the caller is: a bad one answers the same with a dead token.
struct ServiceProxy: Sendable {
    /// What the header stands for.
    enum Target: Sendable {
        /// `did:web:api.bsky.chat#bsky_chat`
        case chat
        /// `did:web:api.bsky.app#bsky_appview`, also without a header.
        case appView
    }

    static let chatService = "did:web:api.bsky.chat#bsky_chat"
    static let appViewService = "did:web:api.bsky.app#bsky_appview"

    /// Reads the header; nil stands for none.
    static func target(of header: String?) throws(ResourceGuard.Refusal) -> (target: Target, service: String) {
        guard let header else { return (.appView, appViewService) }
        func refuse(_ message: String) -> ResourceGuard.Refusal {
            ResourceGuard.Refusal(response: .failure(400, "InvalidRequest", message))
        }
        guard let hash = header.firstIndex(of: "#") else { throw refuse("no service id specified in proxy header") }
        guard hash != header.startIndex else { throw refuse("no did specified in proxy header") }
        let identifier = header[header.index(after: hash)...]
        guard !identifier.isEmpty else { throw refuse("no service id specified in proxy header") }
        guard !identifier.contains("#") else { throw refuse("invalid proxy header format") }
        guard !header.contains(" ") else { throw refuse("proxy header cannot contain spaces") }
        let did = String(header[..<hash])
        guard let parsed = try? DID(did), parsed.isSupported else {
            throw ResourceGuard.Refusal(response: .failure(500, "InternalServerError", "Internal Server Error"))
        }
        switch (did, String(identifier)) {
        case ("did:web:api.bsky.chat", "bsky_chat"): return (.chat, header)
        case ("did:web:api.bsky.app", "bsky_appview"): return (.appView, header)
        case ("did:web:api.bsky.chat", _), ("did:web:api.bsky.app", _):
            throw refuse("could not resolve proxy did service url")
        default: throw refuse("could not resolve proxy did")
        }
    }

    let chat: ChatService
    let appView: AppView

    /// Carries out a call whose caller is known.
    func answer(
        _ method: String,
        _ destination: (target: Target, service: String),
        by caller: ResourceGuard.Caller,
        _ request: IncomingRequest
    ) -> HTTPResponse {
        switch caller.means {
        case .oauth(let scope):
            guard scope.permits(method, on: destination.service) else {
                let audience = destination.service.replacing("#", with: "%23")
                let message = "Missing required scope \"rpc:\(method)?aud=\(audience)\""
                return .failure(403, "ScopeMissingError", message)
            }
        case .password(let privilege):
            guard privilege.allowsChat || !method.hasPrefix("chat.bsky.") else {
                return .failure(400, "InvalidToken", "Bad token method")
            }
        }
        switch destination.target {
        case .chat:
            guard method.hasPrefix("chat.bsky.") else { return .failure(404, "XRPCNotSupported", "XRPC Not Supported") }
            return chat.answer(method, by: caller.did, request)
        case .appView: return appView.answer(method, request)
        }
    }
}
