/// The body of a close frame (RFC 6455 §5.5.1).
struct ClosePayload: Sendable, Equatable {
    /// The code; ``WebSocketCloseCode/noStatus`` when the frame is empty.
    let code: WebSocketCloseCode
    /// The reason, at most 123 bytes.
    let reason: String

    init(code: WebSocketCloseCode, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Parses a payload.
    ///
    /// - Throws: the violation, when it is one byte long, the code is not valid on the wire, or the reason is not
    ///   UTF-8.
    init(_ bytes: RawSpan) throws(ProtocolViolation) {
        guard bytes.byteCount != 1 else { throw .closePayloadTooShort }
        guard bytes.byteCount > 1 else {
            self.init(code: .noStatus, reason: "")
            return
        }
        let code = WebSocketCloseCode(rawValue: bytes.bigEndian(UInt16.self, at: 0))
        guard code.isValidOnWire else { throw .invalidCloseCode }
        guard let reason = String(validating: bytes.extracting(2...).copied(), as: UTF8.self) else {
            throw .invalidCloseReason
        }
        self.init(code: code, reason: reason)
    }

    /// The encoded payload; the reason is cut to 123 bytes at a character boundary.
    var bytes: [UInt8] {
        guard code.isValidOnWire else { return [] }
        var words = reason
        while words.utf8.count > 123 { words.removeLast() }
        return [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + Array(words.utf8)
    }
}

extension ProtocolViolation: Error {}
