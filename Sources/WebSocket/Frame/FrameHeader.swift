/// The header of a server's frame, with every check that needs the header alone (RFC 6455 §5.2).
///
///      0                   1
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
///     +-+-+-+-+-------+-+-------------+--------------------------------+
///     |F|R|R|R| opcode|M| length      | 126: 16 more bits of length    |
///     |I|S|S|S|  (4)  |A|   (7)       | 127: 64 more bits of length    |
///     |N|V|V|V|       |S|             |                                |
///     | |1|2|3|       |K|             |                                |
///     +-+-+-+-+-------+-+-------------+--------------------------------+
struct FrameHeader: Sendable, Equatable {
    /// Whether this is the message's last frame.
    let isFinal: Bool
    /// RSV1: the message that begins here is compressed (RFC 7692 §6).
    let isCompressed: Bool
    let opcode: Opcode
    /// The length of the header, 2 to 10 bytes.
    let byteCount: Int
    /// The length of the payload, in bytes.
    let payloadCount: Int

    /// The result of parsing.
    enum Parsed: Sendable, Equatable {
        case header(FrameHeader)
        /// Valid so far, but not complete.
        case incomplete
        case violation(ProtocolViolation)
    }

    /// Parses the header that begins at an offset.
    ///
    /// Each rule is checked as soon as its bytes have arrived, so that the result does not depend on how TCP cut the
    /// stream.
    ///
    /// - Parameters:
    ///   - bytes: received bytes.
    ///   - offset: where the frame begins; at most the number of bytes.
    ///   - allowsCompression: whether permessage-deflate was agreed.
    /// - Returns: the header, or why there is none.
    @inline(__always)
    static func parse(_ bytes: RawSpan, at offset: Int, allowsCompression: Bool) -> Parsed {
        let available = bytes.byteCount - offset
        guard available >= 1 else { return .incomplete }
        let first = bytes.byte(at: offset)
        guard first & 0x30 == 0 else { return .violation(.reservedBit) }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { return .violation(.reservedOpcode) }
        let isFinal = first & 0x80 != 0
        let isCompressed = first & 0x40 != 0
        if isCompressed, !allowsCompression || opcode.isControl || opcode == .continuation {
            return .violation(allowsCompression ? .unexpectedCompression : .reservedBit)
        }
        if opcode.isControl, !isFinal { return .violation(.fragmentedControlFrame) }
        guard available >= 2 else { return .incomplete }
        let second = bytes.byte(at: offset + 1)
        // RFC 6455 §5.1: a client must close on a masked frame.
        guard second & 0x80 == 0 else { return .violation(.maskedFrame) }
        var byteCount = 2
        var payloadCount = Int(second)
        if payloadCount > 125 {
            if opcode.isControl { return .violation(.longControlFrame) }
            if payloadCount == 126 {
                guard available >= 4 else { return .incomplete }
                byteCount = 4
                payloadCount = Int(bytes.bigEndian(UInt16.self, at: offset + 2))
                guard payloadCount > 125 else { return .violation(.lengthNotMinimal) }
            } else {
                guard available >= 3 else { return .incomplete }
                guard bytes.byte(at: offset + 2) & 0x80 == 0 else { return .violation(.lengthTooLarge) }
                guard available >= 10 else { return .incomplete }
                byteCount = 10
                payloadCount = Int(bytes.bigEndian(UInt64.self, at: offset + 2))
                guard payloadCount > 0xFFFF else { return .violation(.lengthNotMinimal) }
            }
        }
        return .header(
            FrameHeader(
                isFinal: isFinal,
                isCompressed: isCompressed,
                opcode: opcode,
                byteCount: byteCount,
                payloadCount: payloadCount
            )
        )
    }
}
