import Network
import TestSupport

/// The status endpoint of a daemon, on a port that was free a moment ago.
struct StatusEndpoint {
    /// What it listens at, as `status.listen` wants it.
    let address: String
    /// The port of it.
    let port: UInt16
    private let client = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true))

    init() {
        let listener = LoopbackListener()
        listener.stop()
        port = listener.port
        address = "127.0.0.1:\(port)"
    }

    func get(_ path: String) async throws -> (status: Int, text: String) {
        let response = try await client.send(HTTPRequest(.get, WebURL("http://\(address)\(path)")))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// The first answer that is as wanted, or the last before the time is up: what it shows may be a second old.
    func get(
        _ path: String,
        within limit: Duration = .seconds(20),
        until isWanted: (Int, String) -> Bool
    ) async throws -> (status: Int, text: String) {
        let deadline = ContinuousClock.now + limit
        while true {
            let answer = try await get(path)
            if isWanted(answer.status, answer.text) || ContinuousClock.now > deadline { return answer }
        }
    }

    /// The lines of our metrics that begin so.
    func metrics(_ prefix: String) async throws -> [String] { Self.lines(try await get("/metrics").text, prefix) }

    /// Whether those lines become these.
    func shows(_ prefix: String, _ lines: [String]) async throws -> Bool {
        Self.lines(try await get("/metrics") { Self.lines($1, prefix) == lines }.text, prefix) == lines
    }

    private static func lines(_ text: String, _ prefix: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("impact_notifier_\(prefix)") }
    }
}
