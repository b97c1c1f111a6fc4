import TestSupport

/// What a TLS server says to one request.
enum HTTPAnswer {
    /// Reads a head, and answers that there is nothing.
    static let give: @Sendable (StreamTLSPeer) -> Void = { peer in
        guard readHead(peer) else { return }
        peer.write(Array("HTTP/1.1 204 No Content\r\n\r\n".utf8))
    }

    /// Reads up to the blank line; false when the client left before it.
    static func readHead(_ peer: StreamTLSPeer) -> Bool {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            let byte = peer.read(1)
            guard !byte.isEmpty else { return false }
            head += byte
        }
        return true
    }
}
