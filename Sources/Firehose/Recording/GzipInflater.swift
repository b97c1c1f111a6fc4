internal import CZlib

/// Inflates the members of a gzip file (RFC 1952), a piece at a time.
@safe final class GzipInflater {
    // zlib keeps a pointer to the z_stream and refuses one that has moved (Z_STREAM_ERROR).
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether a member has ended and no other has begun: where a file may end.
    private(set) var isBetweenMembers = false

    /// 15 bits of window, and 16 to say that it is gzip (zlib.h).
    private static let windowBits: Int32 = 31

    /// An inflater before the first member; nil without memory.
    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe shim_inflateInit2(stream, Self.windowBits) == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Inflates what there is room for.
    ///
    /// - Parameters:
    ///   - input: what follows in the file; what is not consumed stays.
    ///   - room: the most bytes that come of it.
    /// - Returns: the bytes; nil when the file is damaged.
    func inflate(_ input: inout ArraySlice<UInt8>, room: Int) -> [UInt8]? {
        if isBetweenMembers {
            // Tapes are filled up with zeros (gzip(1)).
            input = input.drop { $0 == 0 }
            guard !input.isEmpty else { return [] }
            isBetweenMembers = false
        }
        var output = [UInt8](repeating: 0, count: room)
        let (result, left, kept) = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                let result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                return unsafe (result, Int(stream.pointee.avail_out), Int(stream.pointee.avail_in))
            }
        }
        input = input.suffix(kept)
        output.removeLast(left)
        switch result {
        case Z_OK, Z_BUF_ERROR: return output
        case Z_STREAM_END:
            isBetweenMembers = true
            return unsafe inflateReset(stream) == Z_OK ? output : nil
        default: return nil
        }
    }
}
