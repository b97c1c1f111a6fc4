/// WebSocket frames as a server sees them (RFC 6455 §5): it writes them bare and reads them masked.
enum ServerFrame {
    /// The opcodes.
    enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// A frame from the client.
    struct Incoming {
        let opcode: Opcode
        let isFinal: Bool
        let payload: [UInt8]
    }

    /// The client broke the protocol.
    struct ViolationError: Error {}

    static func encode(
        _ opcode: Opcode,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isCompressed: Bool = false
    ) -> [UInt8] {
        let first = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue
        let count = payload.count
        let length: [UInt8] =
            if count < 126 {
                [UInt8(count)]
            } else if count < 1 << 16 {
                [126, UInt8(count >> 8), UInt8(count & 255)]
            } else {
                [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
            }
        return [first] + length + payload
    }

    /// A close frame's payload.
    static func closePayload(_ code: UInt16, _ reason: String) -> [UInt8] {
        [UInt8(code >> 8), UInt8(code & 255)] + Array(reason.utf8.prefix(123))
    }

    /// Takes one whole frame from the front of the bytes; nil when more are needed.
    static func take(from bytes: inout [UInt8]) throws(ViolationError) -> Incoming? {
        guard bytes.count >= 2 else { return nil }
        guard bytes[0] & 0x70 == 0, let opcode = Opcode(rawValue: bytes[0] & 0x0F), bytes[1] & 0x80 != 0 else {
            throw ViolationError()
        }
        var length = Int(bytes[1] & 0x7F)
        var offset = 2
        if length >= 126 {
            offset = length == 126 ? 4 : 10
            guard bytes.count >= offset else { return nil }
            length = bytes[2..<offset].reduce(0) { $0 << 8 | Int($1) }
        }
        guard (0...1 << 20).contains(length), opcode.rawValue < 8 || length <= 125 else { throw ViolationError() }
        guard bytes.count >= offset + 4 + length else { return nil }
        let mask = Array(bytes[offset..<offset + 4])
        let payload = bytes[(offset + 4)..<(offset + 4 + length)].enumerated().map { $1 ^ mask[$0 & 3] }
        let isFinal = bytes[0] & 0x80 != 0
        bytes.removeFirst(offset + 4 + length)
        return Incoming(opcode: opcode, isFinal: isFinal, payload: payload)
    }
}
