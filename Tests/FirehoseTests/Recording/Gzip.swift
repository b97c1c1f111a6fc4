import CZlib

/// Compresses what a test reads.
@safe enum Gzip {
    /// One member of gzip.
    static func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        guard unsafe shim_deflateInit2(stream, 9, 31, 9) == Z_OK else { throw MissingPart() }
        defer { unsafe deflateEnd(stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(unsafe deflateBound(stream, UInt(bytes.count))))
        let (result, left) = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                return unsafe (deflate(stream, Z_FINISH), Int(stream.pointee.avail_out))
            }
        }
        guard result == Z_STREAM_END else { throw MissingPart() }
        return Array(output.dropLast(left))
    }
}
