#if FUZZING || DEBUG
@testable import WebSocket

/// Reads bytes as a server's frames, whole and cut, and wants the same events.
enum FrameCheck {
    /// What was heard: messages, control frames, or the violation.
    private enum Heard: Equatable {
        case message(WebSocketMessageKind, [UInt8])
        case control(UInt8, [UInt8])
        case violation(ProtocolViolation)
    }

    static let limit = 1 << 16

    /// The first byte says how to cut the rest.
    @Sendable static func frames(_ input: [UInt8]) { compare(input, nil) }

    /// The second byte chooses window and context.
    @Sendable static func deflate(_ input: [UInt8]) {
        guard input.count >= 2 else { return }
        var parameters = DeflateParameters()
        parameters.serverMaxWindowBits = 8 + Int(input[1] & 7)
        parameters.serverNoContextTakeover = input[1] & 8 != 0
        compare([input[0]] + input.dropFirst(2), parameters)
    }

    private static func compare(_ input: [UInt8], _ deflate: DeflateParameters?) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        let step = 1 + Int(first)
        let whole = read(bytes, step: max(1, bytes.count), deflate)
        guard read(bytes, step: step, deflate) == whole else { fatalError("the cuts change the events") }
        guard read(bytes, step: 1, deflate) == whole else { fatalError("single bytes change the events") }
    }

    private static func read(_ bytes: [UInt8], step: Int, _ deflate: DeflateParameters?) -> [Heard] {
        var reader = MessageReader(limit: limit, deflate: deflate)
        var heard: [Heard] = []
        var unread: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            unread += bytes[start..<min(start + step, bytes.count)]
            var position = 0
            reading: while true {
                switch unsafe reader.next(unread.span.bytes, &position) {
                case .needsMore: break reading
                case .message(let kind, let range): heard.append(.message(kind, Array(unread[range])))
                case .assembled(let kind): heard.append(.message(kind, reader.assembled.copied()))
                case .ping(let range): heard.append(.control(9, Array(unread[range])))
                case .pong(let range): heard.append(.control(10, Array(unread[range])))
                case .close(let range): return heard + [.control(8, Array(unread[range]))]
                case .violation(let violation): return heard + [.violation(violation)]
                }
            }
            unread.removeFirst(position)
        }
        for case .message(let kind, let message) in heard {
            if message.count > limit { fatalError("a message exceeds the limit") }
            if kind == .text, String(validating: message, as: UTF8.self) == nil { fatalError("text that is not UTF-8") }
        }
        return heard
    }
}
#endif
