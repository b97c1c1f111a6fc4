internal import Network

/// The one buffer that a connection receives into: linear, of a fixed size, written behind what is not used yet.
@safe struct ReceiveBuffer: ~Copyable {
    /// The size in bytes: a socket is seldom fuller, and it stays within a core's second-level cache.
    static let capacity = 256 << 10

    private let storage: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0

    /// An empty buffer.
    init() { unsafe storage = .allocate(byteCount: Self.capacity, alignment: 64) }

    deinit { unsafe storage.deallocate() }

    /// The bytes that were received and not used yet.
    var unread: RawSpan {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(
                RawSpan(_unsafeStart: UnsafeRawPointer(storage + start), byteCount: end - start),
                borrowing: self
            )
        }
    }

    /// How many bytes are unread.
    var unreadCount: Int { end - start }

    /// Marks every byte as used.
    mutating func consumeAll() { (start, end) = (0, 0) }

    /// Marks the first bytes as used.
    mutating func consume(_ count: Int) {
        start += min(count, end - start)
        if start == end { (start, end) = (0, 0) }
    }

    /// Reads behind the unread bytes, which first move to the front: a few bytes of a header, or a control frame.
    mutating func fill(from stream: inout ByteStream) throws(StreamFailure) -> ByteStream.Outcome {
        if start > 0 {
            unsafe storage.copyMemory(from: storage + start, byteCount: end - start)
            (start, end) = (0, end - start)
        }
        let room = unsafe UnsafeMutableRawBufferPointer(start: storage + end, count: Self.capacity - end)
        let outcome = unsafe try stream.read(into: room)
        if case .bytes(let count) = outcome { end += count }
        return outcome
    }
}
