public import ATProtocol
public import Network

/// Why a call did not return what was asked for.
public enum CallError: Error, Sendable, Equatable, CustomStringConvertible {
    /// An answer with an error status.
    case answer(XRPCError)
    /// A successful answer whose body is cut short, is not JSON, or lacks something required.
    case unreadable(status: Int, detail: String)
    /// A successful answer about somebody or something else; it counts as no answer.
    case misdirected(String)
    /// The sender's session could not make the call.
    case session(SessionError)
    /// No complete answer.
    case transport(HTTPError)
    /// A DID or handle could not be resolved.
    case identity(IdentityError)
    /// A repository that exists but is not served, with its status from `getRepoStatus`.
    case inactiveRepository(status: String?)
    /// By the conversation, a member cannot take part: the sender, or else the owner.
    case chatDisabled(isSender: Bool)
    /// The author's repository does not prove what the stream told.
    case unproven(RepositoryError)
    /// Something was read that is not acceptable.
    case refused(Refusal)

    /// One line for log and ledger, without anybody's text.
    public var description: String {
        switch self {
        case .answer(let error): error.description
        case .unreadable(let status, let detail): "\(status) unreadable: \(detail)"
        case .misdirected(let detail): "an answer to something else: \(detail)"
        case .session(let failure): failure.sentence
        case .transport(let failure): failure.description
        case .identity(let failure): failure.description
        case .inactiveRepository(let status): "repository is \(status ?? "inactive")"
        case .chatDisabled(let isSender): "chat is disabled for the \(isSender ? "sender" : "owner")"
        case .unproven(let failure): failure.description
        case .refused(let refusal): refusal.detail
        }
    }

    /// The HTTP status of the answer, if there was one.
    public var status: Int? {
        switch self {
        case .answer(let error): error.status
        case .unreadable(let status, _): status
        default: nil
        }
    }

    /// The name of the XRPC error, if there was one.
    public var errorName: String? {
        guard case .answer(let error) = self else { return nil }
        return error.name
    }

    /// Whether it is a successful answer to something that was not asked.
    var isSenseless: Bool {
        switch self {
        case .unreadable, .misdirected: true
        default: false
        }
    }

    /// Whether there was no answer, so that the request may have been carried out all the same.
    var mayHaveBeenCarriedOut: Bool {
        switch self {
        case .session(let failure): failure.mayHaveBeenSent
        case .transport(let failure): failure.mayHaveBeenSent
        default: isSenseless
        }
    }
}

extension HTTPResponse {
    /// The JSON of a successful answer.
    func json() throws(CallError) -> JSONValue {
        guard isSuccess else { throw .answer(XRPCError(self)) }
        do { return try JSONValue(parsing: body) } catch {
            throw .unreadable(status: status, detail: error.description)
        }
    }
}
