internal import Network
internal import WebSocket

/// Makes one connection and passes its messages to a reader until it ends.
protocol StreamTransport: Sendable {
    /// Connects, reads, and returns when the connection has ended for any reason.
    func run(_ request: StreamRequest, _ reader: consuming sending StreamReader) async -> StreamTransportEnd
}

/// How a connection ended, as seen by the transport.
enum StreamTransportEnd: Sendable, Equatable {
    /// Either side sent a close frame.
    case closed(code: UInt16, reason: String)
    /// It ended without a close frame, or could not be opened.
    case lost(code: String, detail: String)
    /// The server answered the upgrade with an HTTP error status.
    case refused(status: Int, error: String?, message: String, retryAfter: Duration?)
    /// The task was cancelled.
    case cancelled
}

extension StreamTransportEnd {
    /// Whether it ended because a message was too large.
    var isTooLarge: Bool { if case .lost(Self.tooLarge, _) = self { true } else { false } }

    /// Statuses that a retry does not fix; a web page or a temporary redirect may be there for minutes only.
    static let lasting: Set = [301, 308, 400, 401, 403, 404, 405, 407, 410, 421, 426, 451, 501, 505]

    /// The code of an end because a message was too large.
    static let tooLarge = WebSocketError.Code.messageTooBig.rawValue

    /// A server's error name, if it can be one; other text would make a metric's label unbounded.
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
