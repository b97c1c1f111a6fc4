internal import Network

/// The buffer that a connection receives into: linear, of fixed size, filled after the unread bytes.
@safe struct ReceiveBuffer: ~Copyable {
    /// The size in bytes: a socket seldom holds more, and it fits into a core's second-level cache.
    static let capacity = 256 << 10

    private let storage: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0

    /// A buffer that begins at a page: to other places the kernel may take up to three times as long to copy.
    init() { unsafe storage = .allocate(byteCount: Self.capacity, alignment: 4096) }

    deinit { unsafe storage.deallocate() }

    /// The bytes that were received and not consumed yet.
    var unread: RawSpan {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(
                RawSpan(_unsafeStart: UnsafeRawPointer(storage + start), byteCount: end - start),
                borrowing: self
            )
        }
    }

    var unreadCount: Int { end - start }

    /// Marks all bytes as consumed.
    mutating func consumeAll() { (start, end) = (0, 0) }

    /// Marks the first bytes as consumed.
    mutating func consume(_ count: Int) {
        start += min(count, end - start)
        if start == end { (start, end) = (0, 0) }
    }

    /// Moves the unread bytes to the front, which are few (a header, a control frame), and reads after them.
    mutating func fill(from stream: inout ByteStream) throws(StreamError) -> ByteStream.Outcome {
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
