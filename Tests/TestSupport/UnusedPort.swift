import Network
import Synchronization

/// The ports that this process was given: no other test on this machine gets them while it lives.
private let given = Mutex<[MachineTurn]>([])

/// A port of 127.0.0.1 for a program that begins to listen later; 0 when none is to be had.
///
/// It lies below those that the system gives to outgoing connections, which take away what was free a moment ago.
public func unusedPort() -> UInt16 {
    for _ in 0..<1000 {
        let port = UInt16.random(in: 20_000..<32_000)
        guard let address = SocketAddress(literal: "127.0.0.1", port: port), (try? ListeningSocket(address)) != nil,
            let turn = MachineTurn("impact-notifier tests, port \(port)")
        else { continue }
        given.withLock { $0.append(turn) }
        return port
    }
    return 0
}
