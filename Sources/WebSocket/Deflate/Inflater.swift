internal import CZlib

/// Inflates the messages of one connection into one buffer (RFC 7692 §7.2.2).
///
/// It takes about 40 KiB for state and window, and an output buffer of 64 KiB. A larger buffer is freed after the
/// message.
@safe struct Inflater: ~Copyable {
    /// The result of a step.
    enum Outcome: Sendable, Equatable {
        case ok
        /// The bytes are not DEFLATE.
        case invalid
        /// The message is larger than the limit; no more than the limit has been written.
        case tooBig
    }

    // zlib stores a pointer to the z_stream and refuses one that has moved (Z_STREAM_ERROR).
    private let stream: UnsafeMutablePointer<z_stream>
    private let keepsContext: Bool
    private let limit: Int
    private var buffer: UnsafeMutableRawBufferPointer
    private var count = 0
    private var isAtStreamEnd = false

    private static let usualCapacity = 1 << 16

    /// An inflater for messages of at most `limit` bytes; nil when memory runs out.
    init?(keepsContext: Bool, limit: Int) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe buffer = .allocate(byteCount: Self.usualCapacity, alignment: 64)
        self.keepsContext = keepsContext
        self.limit = limit
        // Always the largest window. With a smaller one, whether zlib accepts a reference that reaches too far back
        // depends on how the message was cut: it searches the output of the current call before it looks at the window.
        guard unsafe shim_inflateInit2(stream, -15) == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe buffer.deallocate()
    }

    /// The message as far as it has been inflated.
    var output: RawSpan {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count), borrowing: self)
        }
    }

    private var start: UnsafeMutableRawPointer {
        // The buffer was allocated with at least one byte, so it has a base address.
        unsafe buffer.baseAddress.unsafelyUnwrapped
    }

    /// Inflates a part of a message and checks the limit on the way.
    mutating func inflate(_ bytes: RawSpan) -> Outcome {
        unsafe bytes.withUnsafeBytes { input in
            guard let base = input.baseAddress, input.count > 0 else { return .ok }
            // zlib does not write through next_in; the cast satisfies a C declaration without const.
            let next = unsafe UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.next_in = next
            unsafe stream.pointee.avail_in = UInt32(input.count)
            return run()
        }
    }

    /// Ends a message: adds the tail that the sender removed (RFC 7692 §7.2.2).
    mutating func finishMessage() -> Outcome {
        // A message that ends with a final block has no tail to add (RFC 7692 §7.2.3.4).
        if !isAtStreamEnd {
            let tail: [4 of UInt8] = [0x00, 0x00, 0xFF, 0xFF]
            let outcome = unsafe inflate(tail.span.bytes)
            guard outcome == .ok else { return outcome }
            // Bit 7: between two blocks; bits 0 to 5: unused bits of the last byte. Anything else means that the
            // message was cut off.
            let state = unsafe stream.pointee.data_type
            guard isAtStreamEnd || (state & 128 != 0 && state & 63 == 0) else { return .invalid }
        }
        if !keepsContext { unsafe inflateReset(stream) }
        isAtStreamEnd = false
        return .ok
    }

    /// Empties the output, and frees a large buffer.
    mutating func clear() {
        count = 0
        guard unsafe buffer.count > 16 * Self.usualCapacity else { return }
        unsafe buffer.deallocate()
        unsafe buffer = .allocate(byteCount: Self.usualCapacity, alignment: 64)
    }

    private mutating func run() -> Outcome {
        while true {
            // One byte more than the limit distinguishes a message that fits from one that does not.
            if unsafe count == buffer.count { grow() }
            let room = unsafe min(buffer.count, limit + 1) - count
            unsafe stream.pointee.next_out = (start + count).assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(room)
            let result = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
            let left = unsafe Int(stream.pointee.avail_out)
            count += room - left
            guard count <= limit else { return .tooBig }
            isAtStreamEnd = result == Z_STREAM_END
            let hasInput = unsafe stream.pointee.avail_in > 0
            switch result {
            case Z_STREAM_END:
                // RFC 7692 §7.2.3.5: more blocks may follow a final block; they share its window.
                guard unsafe inflateResetKeep(stream) == Z_OK else { return .invalid }
                if !hasInput { return .ok }
            case Z_OK, Z_BUF_ERROR:
                // A full output buffer: there may be more output even without more input.
                if left > 0 { return hasInput ? .invalid : .ok }
            default: return .invalid
            }
        }
    }

    private mutating func grow() {
        let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(2 * buffer.count, max(limit + 1, Self.usualCapacity)),
            alignment: 64
        )
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        unsafe buffer.deallocate()
        unsafe buffer = larger
    }
}
