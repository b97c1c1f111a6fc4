internal import Network

/// Waits on a loopback port for the browser's redirect from the authorization server (RFC 8252 §7.3).
///
/// Only the callback with the state of its own login counts (RFC 6749 §10.12); after any other request it waits on. It
/// answers with one small page.
public final class CallbackListener: Sendable {
    /// The port on 127.0.0.1.
    public let port: UInt16
    private let server: HTTPServer
    private let desk: CallbackDesk

    /// Starts to listen.
    ///
    /// - Parameter port: 0 lets the system choose.
    /// - Throws: ``OAuthError`` when the port is in use.
    public init(port: UInt16 = 0) throws(OAuthError) {
        let desk = CallbackDesk()
        guard let address = SocketAddress(literal: "127.0.0.1", port: port) else {
            throw OAuthError(code: .configuration, sentence: "This machine has no address 127.0.0.1.")
        }
        do throws(ServerError) {
            let socket = try ListeningSocket(address)
            self.port = socket.port
            server = try HTTPServer(on: socket) { .now(desk.reply(to: $0)) }
        } catch {
            throw OAuthError(code: .configuration, sentence: "Cannot listen on \(address): \(error).")
        }
        self.desk = desk
    }

    /// Sets the login to wait for; before that, no callback is accepted.
    ///
    /// Call this before you show the login's URL, because the browser may be redirected at once.
    public func expect(_ invitation: OAuthLogin.Invitation) { desk.expect(state: invitation.state) }

    /// Waits for the login's callback.
    ///
    /// - Returns: its target, path and query; nil after ``close()`` or cancellation.
    public func callback() async -> String? { await desk.callback() }

    /// Stops waiting and listening.
    public func close() {
        desk.close()
        server.stop()
    }
}
