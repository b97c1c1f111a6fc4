import ATProtocol
import Network
import TestSupport

/// What a daemon tells on a status endpoint of its own.
///
/// What is told there may be a second old, so it is asked for until it is as it should be.
struct StatusReader: Sendable {
    /// Host and port for `status.listen`; free when this was made.
    let address = "127.0.0.1:\(unusedPort())"
    private let client = CurlHTTPClient(
        configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true)
    )

    /// The text of a page; empty while nobody answers.
    func text(_ path: String) async -> String {
        guard let url = try? WebURL("http://\(address)\(path)"),
            let answer = try? await client.send(HTTPRequest(.get, url))
        else { return "" }
        return String(decoding: answer.body, as: UTF8.self)
    }

    /// Waits until a page is as it should be; false when it is not in time.
    func shows(
        _ path: String,
        within patience: Duration = .seconds(20),
        where isWanted: (String) -> Bool
    ) async -> Bool {
        await holds(within: patience) { isWanted(await text(path)) }
    }

    /// Waits until a metric of ours is there, with this value if one is given.
    func shows(metric name: String, _ value: String? = nil) async -> Bool {
        await shows("/metrics") { text in
            text.split(separator: "\n").contains { line in
                guard line.hasPrefix("impact_notifier_\(name) ") else { return false }
                return value.map { line.hasSuffix(" \($0)") } ?? !line.hasSuffix(" 0")
            }
        }
    }
}

/// Waits until something is so, looking every tenth of a second; false when it is not in time.
func holds(
    within patience: Duration,
    every pause: Duration = .milliseconds(100),
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + patience
    while true {
        if try await condition() { return true }
        guard ContinuousClock.now < end, (try? await Task.sleep(for: pause)) != nil else { return false }
    }
}
