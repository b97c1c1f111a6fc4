public import ATProtocol
public import Network

/// What came back instead of what was asked for.
public enum CallFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// An answer with an error status.
    case answer(XRPCError)
    /// An answer of success whose body is cut, is no JSON or lacks what it must have.
    case unreadable(status: Int, detail: String)
    /// An answer of success about somebody, or something, else than was asked for: no answer at all.
    case misdirected(String)
    /// The sender's session could not make the call.
    case session(SessionFailure)
    /// No complete answer.
    case transport(HTTPFailure)
    /// A DID or handle could not be resolved.
    case identity(IdentityFailure)
    /// A repository that exists and does not serve, with `getRepoStatus`'s word for it.
    case inactiveRepository(status: String?)
    /// The conversation says that a member cannot take part: the sender, or the owner.
    case chatDisabled(isSender: Bool)
    /// The author's repository does not prove what the stream told.
    case unproven(RepositoryFailure)
    /// Something that was read and is not acceptable.
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

    /// HTTP status of the answer, when there was one.
    public var status: Int? {
        switch self {
        case .answer(let error): error.status
        case .unreadable(let status, _): status
        default: nil
        }
    }

    /// Name of the XRPC error, when there was one.
    public var errorName: String? {
        guard case .answer(let error) = self else { return nil }
        return error.name
    }

    /// An answer of success that does not tell what was asked.
    var isSenseless: Bool {
        switch self {
        case .unreadable, .misdirected: true
        default: false
        }
    }

    /// No answer, and the request may have been carried out nevertheless.
    var mayHaveBeenCarriedOut: Bool {
        switch self {
        case .session(let failure): failure.mayHaveBeenSent
        case .transport(let failure): failure.mayHaveBeenSent
        default: isSenseless
        }
    }
}

extension HTTPResponse {
    /// The JSON of an answer of success.
    func json() throws(CallFailure) -> JSONValue {
        guard isSuccess else { throw .answer(XRPCError(self)) }
        do { return try JSONValue(parsing: body) } catch {
            throw .unreadable(status: status, detail: error.description)
        }
    }
}
