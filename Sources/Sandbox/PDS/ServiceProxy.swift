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
    static func target(of header: String?) throws(ResponseError) -> (target: Target, service: String) {
        guard let header else { return (.appView, appViewService) }
        guard let hash = header.firstIndex(of: "#") else { throw .invalid("no service id specified in proxy header") }
        guard hash != header.startIndex else { throw .invalid("no did specified in proxy header") }
        let identifier = header[header.index(after: hash)...]
        guard !identifier.isEmpty else { throw .invalid("no service id specified in proxy header") }
        guard !identifier.contains("#") else { throw .invalid("invalid proxy header format") }
        guard !header.contains(" ") else { throw .invalid("proxy header cannot contain spaces") }
        let did = String(header[..<hash])
        guard let parsed = try? DID(did), parsed.isSupported else { throw .serverError }
        switch (did, String(identifier)) {
        case ("did:web:api.bsky.chat", "bsky_chat"): return (.chat, header)
        case ("did:web:api.bsky.app", "bsky_appview"): return (.appView, header)
        case ("did:web:api.bsky.chat", _), ("did:web:api.bsky.app", _):
            throw .invalid("could not resolve proxy did service url")
        default: throw .invalid("could not resolve proxy did")
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
    ) throws(ResponseError) -> HTTPResponse {
        switch caller.means {
        case .oauth(let scope):
            guard scope.permits(method, on: destination.service) else {
                let audience = destination.service.replacing("#", with: "%23")
                throw .failure(403, "ScopeMissingError", "Missing required scope \"rpc:\(method)?aud=\(audience)\"")
            }
        case .password(let privilege):
            guard privilege.allowsChat || !method.hasPrefix("chat.bsky.") else {
                throw .failure(400, "InvalidToken", "Bad token method")
            }
        }
        switch destination.target {
        case .chat:
            guard method.hasPrefix("chat.bsky.") else { throw AppView.unsupported }
            return try chat.answer(method, by: caller.did, request)
        case .appView: return try appView.answer(method, request)
        }
    }
}
