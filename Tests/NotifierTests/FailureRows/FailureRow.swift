import Network
import Sandbox
import Testing

@testable import Notifier

/// One way for a message to fail, by its row in docs/delivery.md, and what the pipeline is to make of it.
struct FailureRow: Sendable, CustomTestStringConvertible {
    /// The first thing that the ledger says about the failure.
    enum Sign: Equatable, Sendable {
        /// A try that failed, with what was decided about it and why.
        case attempt(CallPhase, Verdict.Action, Reason)
        /// No try at all: the request was refused as it came in.
        case refused(Reason)
        /// Nothing: the session mended it by itself.
        case nothing
    }

    /// Where it ends when hours go by and nobody helps.
    enum Ending: Sendable {
        case delivered
        case dropped
        case deferred
        case paused
        /// Nothing was sent, the sender rests and the message stays in the queue.
        case held
    }

    let number: Int
    let title: String
    let session: FailureStage.Session
    let sign: Sign
    let ending: Ending
    let arrange: @Sendable (FailureStage) throws -> Void

    var testDescription: String { "row \(number): \(title)" }

    init(
        _ number: Int,
        _ title: String,
        session: FailureStage.Session = .password,
        _ sign: Sign,
        _ ending: Ending,
        arrange: @escaping @Sendable (FailureStage) throws -> Void
    ) {
        self.number = number
        self.title = title
        self.session = session
        self.sign = sign
        self.ending = ending
        self.arrange = arrange
    }

    /// A row whose failure is an answer, byte for byte.
    init(
        _ number: Int,
        _ answer: HTTPResponse,
        on pattern: String = "sendMessage",
        times: Int = 1,
        session: FailureStage.Session = .password,
        after: Bool = false,
        _ sign: Sign,
        _ ending: Ending
    ) {
        let body = String(decoding: answer.body.prefix(60), as: UTF8.self)
        let title = "\(answer.status) \(body) from \(pattern)" + (times > 1 ? ", \(times) times" : "")
        self.init(number, title, session: session, sign, ending) { stage in
            let fault = Fault(.respond(answer), after ? .afterHandling : .beforeHandling)
            stage.network.faults.add(fault, on: pattern, count: times)
        }
    }

    /// An answer of these bytes.
    static func answer(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        if headers["Content-Type"] == nil {
            let type = body.hasPrefix("{") ? "application/json; charset=utf-8" : "text/plain; charset=utf-8"
            headers["Content-Type"] = body.hasPrefix("<") ? "text/html" : type
        }
        return HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    }

    /// An XRPC error as the reference servers write it.
    static func named(_ status: Int, _ name: String, _ message: String, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        answer(status, #"{"error":"\#(name)","message":"\#(message)"}"#, headers)
    }
}
