import Network
import TestSupport

/// The status endpoint of a daemon, on a port of its own.
///
/// What is told there may be a second old, so it is asked for until it is as it should be.
struct StatusEndpoint: Sendable {
    /// The port of it; free when this was made.
    let port = unusedPort()
    private let client = CurlHTTPClient.loopback()

    /// What it listens at, as `status.listen` wants it.
    var address: String { "127.0.0.1:\(port)" }

    func get(_ path: String) async throws -> (status: Int, text: String) {
        let response = try await client.send(HTTPRequest(.get, WebURL("http://\(address)\(path)")))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// The first answer that is as wanted, or the last before the time is up.
    func get(
        _ path: String,
        within limit: Duration = .seconds(75),
        until isWanted: (Int, String) -> Bool
    ) async throws -> (status: Int, text: String) {
        var answer = try await get(path)
        _ = try await holds(within: limit) {
            if isWanted(answer.status, answer.text) { return true }
            answer = try await get(path)
            return isWanted(answer.status, answer.text)
        }
        return answer
    }

    /// The text of a page; empty while nobody answers.
    func text(_ path: String) async -> String { (try? await get(path))?.text ?? "" }

    /// Whether a page becomes as it should be, if need be from nobody's answering on.
    ///
    /// On a machine that is busy its figures may be a minute old.
    func shows(_ path: String, where isWanted: (String) -> Bool) async -> Bool {
        await holds(within: .seconds(75)) { isWanted(await text(path)) }
    }

    /// The lines of our metrics that begin so.
    func metrics(_ prefix: String) async throws -> [String] { Self.lines(try await get("/metrics").text, prefix) }

    /// Whether those lines become these.
    func shows(_ prefix: String, _ lines: [String]) async -> Bool {
        await shows("/metrics") { Self.lines($0, prefix) == lines }
    }

    /// Whether a metric of ours comes to this value, or to another one than 0.
    func shows(metric name: String, _ value: String? = nil) async -> Bool {
        await shows("/metrics") { text in
            Self.lines(text, name + " ").contains { line in
                value.map { line.hasSuffix(" \($0)") } ?? !line.hasSuffix(" 0")
            }
        }
    }

    private static func lines(_ text: String, _ prefix: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("impact_notifier_\(prefix)") }
    }
}
