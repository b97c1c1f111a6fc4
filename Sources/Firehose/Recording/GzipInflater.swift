internal import CZlib

/// Inflates the members of a gzip file (RFC 1952) piece by piece.
@safe final class GzipInflater {
    // zlib stores a pointer to the z_stream and refuses one that has moved (Z_STREAM_ERROR).
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether a member has ended and the next has not begun, so that the file may end here.
    private(set) var isBetweenMembers = false

    /// A window of 15 bits, plus 16 for the gzip format (zlib.h).
    private static let windowBits: Int32 = 31

    /// An inflater before the first member; nil when memory runs out.
    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe shim_inflateInit2(stream, Self.windowBits) == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Inflates as much as there is room for.
    ///
    /// - Parameters:
    ///   - input: the next bytes of the file; bytes that are not consumed remain in it.
    ///   - room: the most bytes to return.
    /// - Returns: the inflated bytes; nil when the file is damaged.
    func inflate(_ input: inout ArraySlice<UInt8>, room: Int) -> [UInt8]? {
        if isBetweenMembers {
            // Zeros after a member are padding, as on tapes (gzip(1)).
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
