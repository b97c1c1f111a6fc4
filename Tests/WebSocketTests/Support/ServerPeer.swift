import Crypto
import Dispatch
import Glibc
import TestSupport
import WebSocket

/// The server's end of one connection; every call blocks, and reading ends after ten seconds of nothing.
final class ServerPeer: Sendable {
    /// A frame of the client, unmasked.
    struct Frame: Equatable {
        let opcode: UInt8
        let isMasked: Bool
        let isCompressed: Bool
        let payload: [UInt8]
    }

    private let socket: Int32
    /// What speaks TLS on the socket, and owns it; nil for plain TCP.
    private let tls: StreamTLSPeer?

    convenience init(_ tls: StreamTLSPeer) { self.init(tls.socket, tls: tls) }

    init(_ socket: Int32, tls: StreamTLSPeer? = nil) {
        self.socket = socket
        self.tls = tls
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { if tls == nil { close(socket) } }

    /// Writes all of it; false when the client has gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        if let tls { return tls.write(bytes) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Up to `count` bytes, fewer when the client ends.
    func read(_ count: Int) -> [UInt8] {
        if let tls { return tls.read(count) }
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while out.count < count {
            let got = unsafe recv(socket, &buffer, min(buffer.count, count - out.count), 0)
            guard got > 0 else { break }
            out += buffer[..<got]
        }
        return out
    }

    /// The request's head.
    func readRequest() -> String {
        var out: [UInt8] = []
        while !out.suffix(4).elementsEqual([13, 10, 13, 10]) {
            let byte = read(1)
            guard !byte.isEmpty else { break }
            out += byte
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The 101 that answers a request.
    static func response(to request: String, fields: [String] = []) -> String {
        let key = field("Sec-WebSocket-Key", of: request) ?? ""
        let accept = Base64.encode(Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
        let lines =
            [
                "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: \(accept)",
            ] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// A header field of a request.
    static func field(_ name: String, of request: String) -> String? {
        for line in request.split(separator: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ": ") {
            return String(line.dropFirst(name.count + 2))
        }
        return nil
    }

    /// Reads the request and answers 101, with more bytes in the same segment if wanted.
    @discardableResult
    func upgrade(fields: [String] = [], followedBy bytes: [UInt8] = []) -> String {
        let request = readRequest()
        write(Array(Self.response(to: request, fields: fields).utf8) + bytes)
        return request
    }

    /// The client's next frame; nil when it has ended.
    func readFrame() -> Frame? {
        let head = read(2)
        guard head.count == 2 else { return nil }
        var length = Int(head[1] & 0x7F)
        if length > 125 {
            length = read(length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
        }
        let key = head[1] & 0x80 != 0 ? read(4) : [0, 0, 0, 0]
        guard key.count == 4 else { return nil }
        let payload = read(length).enumerated().map { $1 ^ key[$0 % 4] }
        return Frame(
            opcode: head[0] & 0x0F,
            isMasked: head[1] & 0x80 != 0,
            isCompressed: head[0] & 0x40 != 0,
            payload: payload
        )
    }

    /// The code of the next close frame of the client, other frames skipped; nil when it ends without one.
    func readCloseCode() -> UInt16? {
        while let frame = readFrame() {
            guard frame.opcode == 8 else { continue }
            return frame.payload.count >= 2 ? UInt16(frame.payload[0]) << 8 | UInt16(frame.payload[1]) : 1005
        }
        return nil
    }

    /// Reads until the client ends the connection.
    func drain() { while !read(4096).isEmpty {} }

    /// Does nothing for a while.
    ///
    /// For a server's own pace; what waits for the client uses ``wait(for:)``.
    func pause(milliseconds: Int) { usleep(useconds_t(milliseconds * 1000)) }

    /// Does nothing until the test says so, at most ten seconds.
    func wait(for event: DispatchSemaphore) { _ = event.wait(timeout: .now() + 10) }

    /// Ends our direction only.
    func finish() { shutdown(socket, Int32(SHUT_WR)) }

    /// Ends the connection with an RST.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}
