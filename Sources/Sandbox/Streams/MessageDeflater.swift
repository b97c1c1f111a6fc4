internal import CZlib

/// Compresses the messages of one connection as coder/websocket does: fast, and with what came before in mind (RFC 7692 §7.2.1).
@safe final class MessageDeflater {
    /// Messages of fewer bytes go as they are.
    static let threshold = 128

    private let stream: UnsafeMutablePointer<z_stream>

    /// Nil without memory.
    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe shim_deflateInit2(stream, 1, -15, 8) == Z_OK else { return nil }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// A message without its tail `00 00 FF FF`.
    func compress(_ message: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        unsafe message.withUnsafeBytes { input in
            // zlib does not write through next_in; the cast satisfies a C declaration without const.
            unsafe stream.pointee.next_in = input.baseAddress.map { base in
                unsafe UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            }
            unsafe stream.pointee.avail_in = UInt32(input.count)
            run(&out)
        }
        return Array(out.dropLast(4))
    }

    private func run(_ out: inout [UInt8]) {
        while true {
            let left = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { room in
                unsafe stream.pointee.next_out = room.baseAddress
                unsafe stream.pointee.avail_out = UInt32(room.count)
                _ = unsafe deflate(stream, Z_SYNC_FLUSH)
                let left = unsafe Int(stream.pointee.avail_out)
                unsafe out.append(contentsOf: room[..<(room.count - left)])
                return left
            }
            // Room that is left over means that everything has been flushed.
            if left > 0 { return }
        }
    }
}
