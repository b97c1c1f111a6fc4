public import ATProtocol
public import Network
import Synchronization

/// Answers requests by a script for each place, and keeps what was asked.
///
/// A place is a whole URL, or a path that stands for every host.
public final class ScriptedClient: HTTPClient {
    /// What comes of one request.
    public typealias Answer = Result<HTTPResponse, HTTPError>

    private struct State {
        var requests: [HTTPRequest] = []
        var scripts: [String: [Answer]] = [:]
        var events: [String: @Sendable () async -> Void] = [:]
    }

    private let state = Mutex(State())
    private let otherwise: @Sendable (HTTPRequest) -> Answer

    /// A client that answers places without a script as this says: that there is nothing.
    public init(otherwise: @escaping @Sendable (HTTPRequest) -> Answer = { _ in .success(HTTPResponse(status: 404)) }) {
        self.otherwise = otherwise
    }

    /// Answers for a place, taken one after the other; the last one stays.
    public func script(_ place: String, _ answers: [Answer]) { state.withLock { $0.scripts[place] = answers } }

    /// What happens while a request to a place is under way, before its answer.
    public func during(_ place: String, _ event: (@Sendable () async -> Void)?) {
        state.withLock { $0.events[place] = event }
    }

    /// What was asked, in order.
    public var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// How often a path was asked for.
    public func count(_ path: String) -> Int { requests.count { $0.url.path == path } }

    /// Forgets what was asked.
    public func forget() { state.withLock { $0.requests = [] } }

    /// The next answer of the script for the URL, else of that for its path.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let (answer, event) = state.withLock { state in
            state.requests.append(request)
            let url = request.url.description
            let place = state.scripts[url] == nil ? request.url.path : url
            var script = state.scripts[place] ?? []
            let answer = script.first
            if script.count > 1 { script.removeFirst() }
            if answer != nil { state.scripts[place] = script }
            return (answer, state.events[url] ?? state.events[request.url.path])
        }
        await event?()
        return try (answer ?? otherwise(request)).get()
    }
}

extension Result<HTTPResponse, HTTPError> {
    /// An answer that is JSON.
    public static func json(_ body: JSONValue, status: Int = 200, headers: HTTPHeaders = [:]) -> Self {
        var headers = headers
        headers["Content-Type"] = "application/json"
        return .success(HTTPResponse(status: status, headers: headers, body: body.encoded))
    }
}
