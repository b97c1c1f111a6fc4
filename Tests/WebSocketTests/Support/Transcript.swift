import Crypto

@testable import WebSocket

/// What a reader made of a sequence of bytes, cut in a certain way.
struct Transcript: Equatable, CustomStringConvertible {
    enum Entry: Equatable {
        case text([UInt8])
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close([UInt8])
        case violation(ProtocolViolation)
    }

    var entries: [Entry] = []

    /// Reads the bytes in pieces as a receive buffer would deliver them, until they end or the connection must fail.
    init(_ bytes: [UInt8], cutAt cuts: [Int], limit: Int = 1 << 20, deflate: DeflateParameters? = nil) {
        var reader = MessageReader(limit: limit, deflate: deflate)
        var unread: [UInt8] = []
        var start = 0
        for end in cuts + [bytes.count] {
            unread += bytes[start..<end]
            start = end
            var position = 0
            reading: while true {
                let event = unsafe reader.next(unread.span.bytes, &position)
                switch event {
                case .needsMore: break reading
                case .message(let kind, let range): add(kind, Array(unread[range]))
                case .assembled(let kind): add(kind, reader.assembled.copied())
                case .ping(let range): entries.append(.ping(Array(unread[range])))
                case .pong(let range): entries.append(.pong(Array(unread[range])))
                case .close(let range):
                    // The connection reads no further than the close frame.
                    entries.append(.close(Array(unread[range])))
                    return
                case .violation(let violation):
                    entries.append(.violation(violation))
                    return
                }
            }
            unread.removeFirst(position)
        }
    }

    private mutating func add(_ kind: WebSocketMessageKind, _ bytes: [UInt8]) {
        entries.append(kind == .text ? .text(bytes) : .binary(bytes))
    }

    /// The close code that the bytes lead to: that of a violation, or of the close frame; nil while open.
    var closeCode: UInt16? {
        switch entries.last {
        case .violation(let violation): return violation.closeCode.rawValue
        case .close(let payload):
            do throws(ProtocolViolation) {
                return unsafe try ClosePayload(payload.span.bytes).code.rawValue
            } catch {
                return error.closeCode.rawValue
            }
        default: return nil
        }
    }

    /// One line an entry, as the Python oracle writes it.
    var description: String {
        entries.compactMap { entry in
            switch entry {
            case .text(let bytes): "text \(Hexadecimal.encode(bytes))"
            case .binary(let bytes): "binary \(Hexadecimal.encode(bytes))"
            case .ping(let bytes): "ping \(Hexadecimal.encode(bytes))"
            case .pong(let bytes): "pong \(Hexadecimal.encode(bytes))"
            case .close, .violation: nil
            }
        }.joined(separator: "\n")
    }
}
