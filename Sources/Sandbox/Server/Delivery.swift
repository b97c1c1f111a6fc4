internal import Network

/// Puts a response on the wire, whole or in the way that a fault asks for.
struct Delivery {
    let socket: ServerSocket
    let isHead: Bool

    /// Writes the response; false when the connection is over.
    func deliver(_ response: HTTPResponse, _ effect: Fault.Effect?) -> Bool {
        let bytes = response.encoded(isHead: isHead)
        do {
            switch effect {
            case nil, .respond, .pad, .misbehave, .falsify:
                try socket.write(bytes)
                return true
            case .close: socket.close()
            case .reset: socket.reset()
            case .truncate(let count, let resets):
                try socket.write(Array(bytes.prefix(min(count, bytes.count - 1))))
                if resets { socket.reset() } else { socket.close() }
            case .silence(let duration): pause(duration)
            case .delay(let duration):
                guard pause(duration) else { return false }
                try socket.write(bytes)
                return true
            case .trickle(let count, let duration):
                var rest = bytes[...]
                while !rest.isEmpty {
                    try socket.write(Array(rest.prefix(max(1, count))))
                    rest = rest.dropFirst(max(1, count))
                    guard pause(duration) else { return false }
                }
                return true
            }
        } catch {}
        return false
    }

    /// Waits without sleeping through the end of the connection; false when the peer has gone.
    @discardableResult
    private func pause(_ duration: Duration) -> Bool { !socket.wait(duration).isReadable }
}
