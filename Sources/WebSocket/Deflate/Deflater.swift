internal import CZlib

/// Compresses the messages of one connection (RFC 7692 §7.2.1).
///
/// zlib cannot write raw DEFLATE with a window of 2^8. When that was agreed, messages are sent uncompressed, which is
/// always allowed (RFC 7692 §6).
@safe struct Deflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let keepsContext: Bool

    /// A compressor; nil when zlib cannot write this window, or when memory runs out.
    init?(_ parameters: DeflateParameters, level: Int32 = 1) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        keepsContext = !parameters.clientNoContextTakeover
        let windowBits = Int32(-parameters.clientMaxWindowBits)
        // Memory level 8 of 9 is zlib's default.
        guard windowBits <= -9, unsafe shim_deflateInit2(stream, level, windowBits, 8) == Z_OK else { return nil }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Compresses a message and removes its tail `00 00 FF FF`; nil when zlib fails.
    mutating func compress(_ message: RawSpan) -> [UInt8]? {
        var out: [UInt8] = []
        let isDone = unsafe message.withUnsafeBytes { input in
            // zlib does not write through next_in; the cast satisfies a C declaration without const.
            unsafe stream.pointee.next_in = input.baseAddress.map { base in
                unsafe UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            }
            unsafe stream.pointee.avail_in = UInt32(input.count)
            return run(&out)
        }
        if !keepsContext { unsafe deflateReset(stream) }
        guard isDone, out.count >= 4 else { return nil }
        out.removeLast(4)
        return out
    }

    private mutating func run(_ out: inout [UInt8]) -> Bool {
        while true {
            let (result, left) = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { room in
                unsafe stream.pointee.next_out = room.baseAddress
                unsafe stream.pointee.avail_out = UInt32(room.count)
                let result = unsafe deflate(stream, Z_SYNC_FLUSH)
                let left = unsafe Int(stream.pointee.avail_out)
                unsafe out.append(contentsOf: room[..<(room.count - left)])
                return (result, left)
            }
            guard result == Z_OK || result == Z_BUF_ERROR else { return false }
            // zlib did not fill the output buffer, so everything has been flushed.
            if left > 0 { return true }
        }
    }
}
