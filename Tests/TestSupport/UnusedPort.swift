import Network

/// A port of 127.0.0.1 for a program that begins to listen later; 0 when none is to be had.
///
/// It lies below those that the system gives to outgoing connections, which take away what was free a moment ago.
public func unusedPort() -> UInt16 {
    for _ in 0..<1000 {
        guard let address = SocketAddress(literal: "127.0.0.1", port: .random(in: 20_000..<32_000)),
            let socket = try? ListeningSocket(address)
        else { continue }
        return socket.port
    }
    return 0
}
