extension RawSpan {
    /// One byte; traps when the offset is out of bounds.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        // Any bit pattern is a UInt8, and the offset is checked.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// An integer in network byte order; traps when its bytes are out of bounds.
    @inline(__always)
    func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
        // Any bit pattern is an integer, the load may be unaligned, and the offset is checked.
        unsafe T(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }

    /// Sixteen bytes at once; traps when they are out of bounds.
    @inline(__always)
    func block(at offset: Int) -> SIMD16<UInt8> {
        // Any bit pattern is a vector of bytes, the load may be unaligned, and the offset is checked.
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
    }

    func copied() -> [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

extension [UInt8] {
    /// Appends the bytes of a span.
    mutating func append(_ bytes: RawSpan) { unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) } }
}
