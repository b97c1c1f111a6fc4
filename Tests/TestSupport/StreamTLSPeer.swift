internal import COpenSSL
internal import Glibc

/// The server's end of one connection of a ``StreamTLSServer``; every call blocks, and it must not be kept.
@safe public final class StreamTLSPeer: Sendable {
    /// The socket below, which is the server's.
    public let socket: Int32
    private nonisolated(unsafe) let connection: OpaquePointer

    init(_ connection: OpaquePointer, socket: Int32) {
        unsafe self.connection = connection
        self.socket = socket
    }

    /// Writes all of it; false when the client has gone.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool { unsafe SSL_write(connection, bytes, Int32(bytes.count)) > 0 }

    /// Up to `count` bytes, fewer when the client ends.
    public func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        while got < count {
            let more = unsafe bytes.withUnsafeMutableBytes { room in
                unsafe SSL_read(connection, room.baseAddress?.advanced(by: got), Int32(count - got))
            }
            guard more > 0 else { break }
            got += Int(more)
        }
        return Array(bytes.prefix(got))
    }

    /// Keeps what is written until as much as a segment has come together, or it is let go.
    func hold(_ isHeld: Bool) {
        var flag: Int32 = isHeld ? 1 : 0
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &flag, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends the connection, and reads until the client has ended it.
    func end(_ ending: StreamTLSServer.Ending) {
        switch ending {
        case .closeNotify, .closeNotifyAlone: unsafe SSL_shutdown(connection)
        case .fin, .silence: break
        // Records of application data that announce 64 bytes: one brings three, one bytes that nobody encrypted.
        case .halfRecord: sendRaw([0x17, 0x03, 0x03, 0x00, 0x40, 1, 2, 3])
        case .forgedRecord: sendRaw([0x17, 0x03, 0x03, 0x00, 0x40] + [UInt8](repeating: 7, count: 64))
        }
        hold(false)
        if ending != .closeNotifyAlone, ending != .silence { shutdown(socket, Int32(SHUT_WR)) }
        var rest: UInt8 = 0
        while unsafe recv(socket, &rest, 1, 0) > 0 {}
    }

    private func sendRaw(_ bytes: [UInt8]) { _ = unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
}
