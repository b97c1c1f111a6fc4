internal import Network

/// Waits on a loopback port for the browser to come back from the authorization server (RFC 8252 §7.3).
///
/// Only the callback of its own login counts, which the login's state proves (RFC 6749 §10.12): whatever else comes there,
/// the wait goes on. It answers with one small page.
public final class CallbackListener: Sendable {
    /// The port it listens on, of 127.0.0.1.
    public let port: UInt16
    private let server: HTTPServer
    private let desk: CallbackDesk

    /// Listens.
    ///
    /// - Parameter port: 0 lets the system choose.
    /// - Throws: ``OAuthFailure`` when the port is taken.
    public init(port: UInt16 = 0) throws(OAuthFailure) {
        let desk = CallbackDesk()
        guard let address = SocketAddress(literal: "127.0.0.1", port: port) else {
            throw OAuthFailure(code: .configuration, sentence: "This machine has no address 127.0.0.1.")
        }
        do throws(ServerFailure) {
            let socket = try ListeningSocket(address)
            self.port = socket.port
            server = try HTTPServer(on: socket) { .now(desk.reply(to: $0)) }
        } catch {
            throw OAuthFailure(code: .configuration, sentence: "Cannot listen on \(address): \(error).")
        }
        self.desk = desk
    }

    /// Says which login it is for; until then no callback counts.
    ///
    /// To be called before anybody is told the login's address: a browser may be back at once.
    public func expect(_ invitation: OAuthLogin.Invitation) { desk.expect(state: invitation.state) }

    /// Waits for the login's callback.
    ///
    /// - Returns: its target, path and query; nil after ``close()`` or cancellation.
    public func callback() async -> String? { await desk.callback() }

    /// Stops waiting, and listening.
    public func close() {
        desk.close()
        server.stop()
    }
}
