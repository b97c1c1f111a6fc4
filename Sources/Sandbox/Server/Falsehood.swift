internal import ATProtocol
internal import Network

/// An answer that looks like any other, and is not the answer to what was asked.
public enum Falsehood: Sendable, Equatable {
    /// What the same method was answered the last time, whoever asked for what: a cache that mixes up its entries.
    case earlierAnswer
    /// The state of a while ago: messages without the newest.
    case oldPage
    /// Messages of a form that nobody knows yet.
    case unknownForms

    /// The answer in place of the true one.
    func answer(_ response: HTTPResponse, earlier: HTTPResponse?) -> HTTPResponse {
        guard self != .earlierAnswer else { return earlier ?? response }
        guard response.isSuccess, let json = try? JSONValue(parsing: response.body) else { return response }
        return .json(altered(json))
    }

    private func altered(_ json: JSONValue) -> JSONValue {
        switch json {
        case .array(let elements): return .array(elements.map(altered))
        case .object(var members):
            switch self {
            case .oldPage:
                if case .array(let messages)? = members["messages"] {
                    members["messages"] = .array(Array(messages.dropFirst()))
                }
            case .unknownForms:
                guard members["text"] != nil, members["sender"] != nil else { break }
                members["text"] = nil
                members["$type"] = "chat.bsky.convo.defs#viewOfTomorrow"
            case .earlierAnswer: break
            }
            return .object(members.mapValues(altered))
        default: return json
        }
    }
}
