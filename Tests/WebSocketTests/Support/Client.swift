import Logging
import Network
import WebSocket

/// Short-lived connections to a loopback server.
enum Client {
    /// How a connection ended.
    typealias End = Result<WebSocketClosure, WebSocketError>

    static func configuration(_ server: LoopbackServer, _ target: String = "/") throws -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(url: try server.url(target), allowsLoopback: true)
        configuration.coalesce = .zero
        configuration.upgradeDeadline = .seconds(10)
        return configuration
    }

    static func connection(_ configuration: WebSocketConfiguration) throws -> WebSocketConnection {
        try WebSocketConnection(configuration, logger: Logger(label: "test"))
    }

    /// Runs one connection to its end.
    static func run(
        _ configuration: WebSocketConfiguration,
        closesAfter: Int = .max
    ) async throws -> (end: End, recording: Recording) {
        let recording = Recording()
        let connection = try connection(configuration)
        let end = await run(connection, RecordingHandler(recording: recording, closesAfter: closesAfter))
        return (end, recording)
    }

    static func run<Handler: WebSocketHandler & ~Copyable>(
        _ connection: WebSocketConnection,
        _ handler: consuming sending Handler
    ) async -> End {
        do throws(WebSocketError) {
            return .success(try await connection.run(handler))
        } catch {
            return .failure(error)
        }
    }
}

extension Result<WebSocketClosure, WebSocketError> {
    var closure: WebSocketClosure? { try? get() }

    var failure: WebSocketError? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
