internal import Network
internal import WebSocket

/// Makes one connection and feeds its messages to a reader until it ends.
protocol StreamTransport: Sendable {
    /// Connects, reads, and returns when the connection has ended for whatever reason.
    func run(_ request: StreamRequest, _ reader: consuming sending StreamReader) async -> StreamTransportEnd
}

/// How a connection ended, as far as the layer below can tell.
enum StreamTransportEnd: Sendable, Equatable {
    /// By a close frame of either side.
    case closed(code: UInt16, reason: String)
    /// Without one, or it was never made.
    case lost(code: String, detail: String)
    /// The server answered the upgrade with an HTTP status.
    case refused(status: Int, error: String?, message: String, retryAfter: Duration?)
    /// The task was cancelled.
    case cancelled
}

extension StreamTransportEnd {
    /// Whether a message was larger than any that is accepted.
    var isTooLarge: Bool { if case .lost(Self.tooLarge, _) = self { true } else { false } }

    /// The statuses of refusals that repeating does not mend; a web page or a passing redirect may be there for minutes only.
    static let lasting: Set = [301, 308, 400, 401, 403, 404, 405, 407, 410, 421, 426, 451, 501, 505]

    /// The code of an end for that reason.
    static let tooLarge = WebSocketFailure.Code.messageTooBig.rawValue

    /// A server's name for a fault, where it is one: as a metric's label anything else would be without bounds.
    static func label(_ name: String) -> String? {
        let isName = (1...40).contains(name.utf8.count) && name.allSatisfy { $0.isASCII && $0.isLetter }
        return isName ? name : nil
    }

    /// The reason for logs and metrics, and a clause that explains it.
    var description: (reason: String, detail: String) {
        switch self {
        case .closed(let code, let reason): ("closed-\(code)", reason)
        case .lost(let code, let detail): (code, detail)
        case .refused(let status, let error, let message, _):
            (error.flatMap(Self.label) ?? "http-\(status)", message)
        case .cancelled: ("cancelled", "")
        }
    }
}
