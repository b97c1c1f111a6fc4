internal import ATProtocol
internal import LedgerStorage
internal import Network
internal import Notifier
internal import Synchronization

/// `/requests/AT-URI`: the standing of a change request, for the app in which it was written.
///
/// It asks the ledger, which may hang. So four questions may be under way, each for a second, and nothing else waits.
final class RequestRoute: Sendable {
    /// Who gets an answer.
    enum Access: Sendable {
        /// Everybody who reaches the endpoint, because only this machine does.
        case everybody
        /// Everybody who shows the token.
        case token(BearerToken)
        /// Nobody, because other machines reach the endpoint and there is no token.
        case nobody
    }

    /// Reads the standing of a request, nil for an unknown one; may answer late, or never.
    typealias Question =
        @Sendable (ATURI, @escaping @Sendable (Result<RequestStanding?, LedgerError>) -> Void) -> Void

    /// How long the ledger may take.
    private static let patience: Duration = .seconds(1)
    /// The most questions under way.
    private static let capacity = 4
    private static let path = "/requests"

    private let access: Access
    private let question: Question
    /// The name of the sending account.
    private let sender: @Sendable () -> String
    private let underWay = Mutex(0)

    /// The route of an endpoint.
    init(access: Access, sender: @escaping @Sendable () -> String, question: @escaping Question) {
        self.access = access
        self.sender = sender
        self.question = question
    }

    /// The answer; nil when the request is for something else.
    func answer(to request: ServerRequest) -> ServerAnswer? {
        guard request.path == Self.path || request.path.hasPrefix(Self.path + "/") else { return nil }
        if let refusal = refusal(of: request) { return .now(refusal) }
        let text = String(request.path.dropFirst(Self.path.count + 1))
        let uri: ATURI
        do throws(SyntaxError) { uri = try ATURI(text) } catch {
            return .now(Self.refusal(400, "malformed", "\(error.reason): ask for \(Self.path)/at://DID/COLLECTION/KEY"))
        }
        guard uri.did != nil, uri.recordKey != nil else {
            let sentence = "a request is a record, named by DID, collection and key: at://DID/COLLECTION/KEY"
            return .now(Self.refusal(400, "malformed", sentence))
        }
        guard enter() else {
            return .now(Self.refusal(503, "busy", "other questions wait for the ledger; ask again in a second"))
        }
        let late = Self.refusal(503, "unavailable", "the ledger does not answer just now; ask again later")
        return .later(within: Self.patience, otherwise: late) { [self] reply in
            question(uri) { [self] result in
                leave()
                switch result {
                case .success(let standing?): reply(Self.json(standing.json(of: uri, sender: sender())))
                case .success(nil):
                    let sentence = "no such request was seen: it may come in a moment, or no rule here is about it"
                    reply(Self.refusal(404, "unknown", sentence))
                case .failure: reply(late)
                }
            }
        }
    }

    private func refusal(of request: ServerRequest) -> ServerReply? {
        switch access {
        case .everybody: return nil
        case .nobody:
            let sentence = "others reach this address, so a token is needed, and status.requests_token_file names none"
            return Self.refusal(403, "forbidden", sentence)
        case .token(let token):
            guard !token.isShown(by: request) else { return nil }
            let sentence = "show the token that the operator gave you, as 'Authorization: Bearer TOKEN'"
            return Self.refusal(401, "unauthorized", sentence, ["WWW-Authenticate": #"Bearer realm="impact-notifier""#])
        }
    }

    private func enter() -> Bool {
        underWay.withLock { count in
            guard count < Self.capacity else { return false }
            count += 1
            return true
        }
    }

    private func leave() { underWay.withLock { $0 -= 1 } }

    private static func refusal(
        _ status: Int,
        _ error: String,
        _ sentence: String,
        _ headers: HTTPHeaders = [:]
    ) -> ServerReply {
        json(["error": .string(error), "sentence": .string(sentence)], status: status, headers: headers)
    }

    private static func json(_ value: JSONValue, status: Int = 200, headers: HTTPHeaders = [:]) -> ServerReply {
        let body = value.encoded + [UInt8(ascii: "\n")]
        return ServerReply(body, type: "application/json", status: status, headers: headers)
    }
}

extension RequestStanding {
    /// The standing as an object; what is unknown or private is null.
    fileprivate func json(of uri: ATURI, sender: String) -> JSONValue {
        func time(_ time: UnixTime?) -> JSONValue { time.map { .string(Timestamp.rfc3339($0)) } ?? .null }
        let help: JSONValue = reason.help(sender: sender).map { .string($0) } ?? .null
        let people: JSONValue = recipients.map { .integer(Int64($0)) } ?? .null
        return [
            "uri": .string(uri.text), "state": .string(state.rawValue), "reason": .string(reason.rawValue),
            "sentence": .string(reason.sentence(sender: sender)), "help": help,
            "recipients": people, "told": .integer(Int64(told)),
            "seen_at": time(seenAt), "updated_at": time(updatedAt), "next_at": time(nextAt),
            "waits_until": time(waitsUntil),
        ]
    }
}
