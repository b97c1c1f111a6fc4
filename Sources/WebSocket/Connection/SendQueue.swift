internal import Network

/// Frames to be sent; they are written as fast as the kernel takes them, and nobody waits for that.
struct SendQueue: ~Copyable {
    /// With this many unsent bytes we stop reading, so that pongs do not pile up.
    static let congested = 64 << 10

    private var bytes: [UInt8] = []
    private var written = 0
    private var latePong: [UInt8]?

    /// What the last write waits for; nil when everything is written.
    private(set) var interest: Poll.Interest?

    /// Bytes that are not written yet.
    var count: Int { bytes.count - written }

    /// Adds bytes that are not a frame, such as the opening handshake.
    mutating func add(raw: [UInt8]) { bytes += raw }

    /// Adds a frame.
    mutating func add(_ opcode: Opcode, _ payload: RawSpan, isCompressed: Bool = false) {
        FrameWriter.write(opcode, payload, isCompressed: isCompressed, to: &bytes)
    }

    /// Adds the answer to a ping.
    ///
    /// When a congested connection holds up several pings, only the latest needs an answer (RFC 6455 §5.5.3).
    mutating func addPong(_ payload: [UInt8]) {
        if count > Self.congested { latePong = payload } else { unsafe add(.pong, payload.span.bytes) }
    }

    /// Writes as much as the kernel takes.
    mutating func flush(to stream: inout ByteStream) throws(StreamError) {
        while true {
            if count <= Self.congested, let pong = latePong.take() { unsafe add(.pong, pong.span.bytes) }
            guard count > 0 else { break }
            switch unsafe try stream.write(bytes.span.bytes.extracting(written...)) {
            case .bytes(let count): written += count
            case .blocked(let wanted):
                interest = wanted
                if written > Self.congested { dropWritten() }
                return
            case .end: throw StreamError(.reset, peer: stream.peer, "the stream takes no more bytes")
            }
        }
        interest = nil
        dropWritten()
    }

    private mutating func dropWritten() {
        guard written > 0 else { return }
        bytes.removeSubrange(..<written)
        written = 0
        if bytes.isEmpty, bytes.capacity > Self.congested { bytes = [] }
    }
}
