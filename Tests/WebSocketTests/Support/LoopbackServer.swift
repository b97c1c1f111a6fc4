import Network
import Sandbox

/// A server on 127.0.0.1 that runs one closure for each connection, on a thread of its own.
final class LoopbackServer: Sendable {
    private let listener: LoopbackListener

    /// Serves until ``stop()``; the closure gets the number of the connection, from zero.
    init(receiveBuffer: Int32? = nil, _ serve: @escaping @Sendable (ServerPeer, Int) -> Void) {
        listener = LoopbackListener(receiveBuffer: receiveBuffer)
        listener.serve { socket, number in serve(ServerPeer(socket), number) }
    }

    /// Accepts no more connections.
    func stop() { listener.stop() }

    /// Where a client connects to.
    func url(_ target: String = "/") throws -> WebURL { try WebURL("ws://127.0.0.1:\(listener.port)\(target)") }
}
