/// Writes a client's frames: unfragmented, masked with an unpredictable key (RFC 6455 §5.3).
enum FrameWriter {
    /// Appends one frame to a buffer.
    ///
    /// - Parameters:
    ///   - opcode: the type of frame; a control frame holds at most 125 bytes.
    ///   - payload: the unmasked bytes.
    ///   - isCompressed: whether the payload is a compressed message (RSV1).
    ///   - out: the buffer to append to.
    static func write(_ opcode: Opcode, _ payload: RawSpan, isCompressed: Bool = false, to out: inout [UInt8]) {
        var generator = SystemRandomNumberGenerator()
        write(opcode, payload, isCompressed: isCompressed, maskedWith: generator.next(), to: &out)
    }

    /// Appends one frame, masked with a given key.
    static func write(
        _ opcode: Opcode,
        _ payload: RawSpan,
        isCompressed: Bool,
        maskedWith key: UInt32,
        to out: inout [UInt8]
    ) {
        let count = payload.byteCount
        out.append(0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        switch count {
        case ...125: out.append(0x80 | UInt8(count))
        case ...0xFFFF:
            out.append(0x80 | 126)
            withBigEndianBytes(of: UInt16(count)) { out.append(contentsOf: $0) }
        default:
            out.append(0x80 | 127)
            withBigEndianBytes(of: UInt64(count)) { out.append(contentsOf: $0) }
        }
        withBigEndianBytes(of: key) { out.append(contentsOf: $0) }
        let start = out.count
        out.append(payload)
        mask(&out, from: start, key: key)
    }

    /// Masks eight bytes at a time; masking again restores the bytes.
    private static func mask(_ bytes: inout [UInt8], from start: Int, key: UInt32) {
        var span = bytes.mutableSpan
        let wide = UInt64(key) << 32 | UInt64(key)
        var index = start
        unsafe span.withUnsafeMutableBytes { buffer in
            while index + 8 <= buffer.count {
                let word = unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                unsafe buffer.storeBytes(of: word ^ wide.bigEndian, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < buffer.count {
                let shift = UInt32(24 - 8 * ((index - start) % 4))
                unsafe buffer[index] ^= UInt8(truncatingIfNeeded: key >> shift)
                index += 1
            }
        }
    }

    private static func withBigEndianBytes(of value: some FixedWidthInteger, _ body: ([UInt8]) -> Void) {
        var rest = value
        var bytes = [UInt8](repeating: 0, count: value.bitWidth / 8)
        for index in bytes.indices.reversed() {
            bytes[index] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
        }
        body(bytes)
    }
}
