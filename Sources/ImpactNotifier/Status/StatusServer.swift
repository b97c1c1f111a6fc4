internal import ATProtocol
internal import FlyingFox
internal import FlyingSocks
internal import FoundationEssentials
internal import Logging

/// The endpoint that watchers ask: `/healthz`, `/readyz`, `/status` and `/metrics`.
///
/// It answers GET and HEAD, changes nothing, holds no secret, and listens on loopback unless it is told otherwise.
struct StatusServer: Sendable {
    private let address: StatusAddress
    private let server: HTTPServer
    private let logger: Logger

    /// A server that is not listening yet.
    init(address: StatusAddress, source: StatusSource, logger: Logger) throws(StatusFailure) {
        self.address = address
        self.logger = logger
        do {
            let configuration = HTTPServer.Configuration(
                address: try address.socketAddress(),
                timeout: 5,
                sharedRequestReplaySize: 16 << 10,
                logger: .disabled
            )
            server = HTTPServer(config: configuration, handler: StatusHandler(source: source))
        } catch {
            throw StatusFailure(.cannotListen, at: address, cause: error)
        }
    }

    /// Serves until cancelled.
    ///
    /// - Parameter began: told when it listens.
    /// - Throws: ``StatusFailure`` when the address cannot be listened at, or not any longer.
    func run(began: @escaping @Sendable () -> Void = {}) async throws(StatusFailure) {
        let listening = Task {
            try await server.waitUntilListening()
            logger.info("status endpoint", metadata: ["address": "\(address)"])
            began()
        }
        defer { listening.cancel() }
        do { try await server.run() } catch {
            guard !Task.isCancelled else { return }
            var code = StatusFailure.Code.cannotListen
            if case .failed("Accept", _, _)? = error as? SocketError { code = .interrupted }
            throw StatusFailure(code, at: address, cause: error)
        }
    }

    /// The port in use, once it is.
    func listeningPort() async throws -> UInt16 {
        try await server.waitUntilListening()
        switch await server.listeningAddress {
        case .ip4(_, let port)?, .ip6(_, let port)?: return port
        default: return address.port
        }
    }
}
