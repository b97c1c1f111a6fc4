internal import Logging
internal import Network

/// The status endpoint: `/healthz`, `/readyz`, `/status` and `/metrics` for monitoring, `/` for people, `/requests` for
/// apps.
///
/// It answers GET and HEAD, changes nothing, tells no secret, and listens on loopback unless configured otherwise. It
/// has its own thread, so it answers whatever its clients do and whatever the daemon waits for.
struct StatusServer: Sendable {
    /// The port in use.
    let port: UInt16
    private let server: HTTPServer

    /// A server that listens and answers from now on.
    ///
    /// - Parameters:
    ///   - address: where it listens.
    ///   - configuration: the names by which it may be asked, and the limits on its clients.
    ///   - source: gives the answers.
    ///   - logger: is told where it listens.
    /// - Throws: ``StatusError`` when it cannot listen at the address, or the system has no thread left.
    init(
        at address: StatusAddress,
        _ configuration: StatusConfiguration,
        source: StatusSource,
        logger: Logger
    ) throws(StatusError) {
        let access: RequestRoute.Access =
            configuration.requestsToken.map { .token($0) } ?? (address.socketAddress.isLoopback ? .everybody : .nobody)
        let handler = StatusHandler(
            source: source,
            hosts: KnownHosts(configuration.hosts),
            pages: StatusPages { source.page() },
            requests: RequestRoute(access: access, sender: source.sender, question: source.request)
        )
        do throws(ServerError) {
            let socket = try ListeningSocket(address.socketAddress)
            port = socket.port
            server = try HTTPServer(on: socket, limits: configuration.limits) { handler.answer(to: $0) }
        } catch {
            let code: StatusError.Code = error.code == .cannotListen ? .cannotListen : .interrupted
            throw StatusError(code: code, address: address, detail: error.description)
        }
        logger.info("status endpoint listens", metadata: ["address": "\(address)"])
    }

    /// Serves until cancelled; then the port is free again.
    func run() async {
        while !Task.isCancelled { try? await ContinuousClock().sleep(for: .seconds(3600)) }
        server.stop()
    }
}
