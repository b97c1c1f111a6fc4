/// Turns received bytes into messages and control frames, without I/O (RFC 6455 §5).
///
/// It does not own the input: each call reads from a position and advances it. A message that arrives as one whole
/// frame is returned as a range of the input. Everything else (fragments, incomplete frames, compressed messages) is
/// collected in a buffer as it arrives. So the receive buffer never has to grow, text is checked as early as possible,
/// and a decompression bomb hits its limit while it inflates.
struct MessageReader: ~Copyable {
    /// The next thing in the bytes.
    enum Event: Sendable, Equatable {
        /// The next event needs more bytes; all bytes before the position have been used.
        case needsMore
        /// A whole message in this range of the input.
        case message(WebSocketMessageKind, Range<Int>)
        /// A whole message in ``MessageReader/assembled``, valid until the next call.
        case assembled(WebSocketMessageKind)
        /// A ping; the range is its payload.
        case ping(Range<Int>)
        /// A pong; the range is its payload.
        case pong(Range<Int>)
        /// A close frame; the range is its payload.
        case close(Range<Int>)
        /// The connection must fail; do not call ``MessageReader/next(_:_:)`` again.
        case violation(ProtocolViolation)
    }

    private let limit: Int
    private let allowsCompression: Bool
    private var message: Partial?
    private var frame: OpenFrame?
    private var gathered: [UInt8] = []
    private var inflater: Inflater?
    private var isDelivered = false

    /// The message that fragments and partial frames are collected into.
    private struct Partial {
        let kind: WebSocketMessageKind
        let isCompressed: Bool
        var text = UTF8Validator()
        var count = 0
    }

    /// The data frame whose payload is still arriving.
    private struct OpenFrame {
        let isFinal: Bool
        var missing: Int
    }

    /// A reader for one connection.
    ///
    /// - Parameters:
    ///   - limit: the largest message, in bytes after inflating.
    ///   - deflate: the agreed compression, nil for none.
    init(limit: Int, deflate: DeflateParameters? = nil) {
        self.limit = limit
        allowsCompression = deflate != nil
        guard let deflate else { return }
        inflater = Inflater(keepsContext: !deflate.serverNoContextTakeover, limit: limit)
    }

    /// The bytes of the message that ``Event/assembled(_:)`` announced.
    var assembled: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            if message?.isCompressed ?? false {
                switch inflater {
                case .some(let inflater): return unsafe _overrideLifetime(inflater.output, borrowing: self)
                case .none: break
                }
            }
            return unsafe gathered.span.bytes
        }
    }

    /// Finds the next event.
    ///
    /// - Parameters:
    ///   - input: received bytes; those before the position are ignored.
    ///   - position: advanced past the bytes that were used.
    /// - Returns: what was found.
    mutating func next(_ input: RawSpan, _ position: inout Int) -> Event {
        if isDelivered { forgetMessage() }
        while true {
            if frame != nil {
                if let event = gather(input, &position) { return event }
                continue
            }
            let header: FrameHeader
            switch FrameHeader.parse(input, at: position, allowsCompression: allowsCompression) {
            case .header(let parsed): header = parsed
            case .incomplete: return .needsMore
            case .violation(let violation): return .violation(violation)
            }
            let start = position + header.byteCount
            let isHere = input.byteCount - start >= header.payloadCount
            if header.opcode.isControl {
                guard isHere else { return .needsMore }
                position = start + header.payloadCount
                return Self.control(header.opcode, start..<position)
            }
            if let violation = violation(of: header) { return .violation(violation) }
            if isHere, header.isFinal, !header.isCompressed, message == nil {
                position = start + header.payloadCount
                let kind: WebSocketMessageKind = header.opcode == .text ? .text : .binary
                if kind == .text, !UTF8Validator.isValid(input.extracting(start..<position)) {
                    return .violation(.invalidUTF8)
                }
                return .message(kind, start..<position)
            }
            if message == nil {
                message = Partial(kind: header.opcode == .text ? .text : .binary, isCompressed: header.isCompressed)
            }
            message?.count += header.payloadCount
            frame = OpenFrame(isFinal: header.isFinal, missing: header.payloadCount)
            position = start
        }
    }

    private static func control(_ opcode: Opcode, _ payload: Range<Int>) -> Event {
        switch opcode {
        case .ping: .ping(payload)
        case .pong: .pong(payload)
        default: .close(payload)
        }
    }

    /// The rule that a data frame's header breaks at this point of the stream.
    @inline(__always)
    private func violation(of header: FrameHeader) -> ProtocolViolation? {
        if header.opcode == .continuation {
            guard message != nil else { return .continuationWithoutStart }
        } else {
            guard message == nil else { return .startInsideMessage }
        }
        // Checked before any of it is stored. This limits a compressed message as sent; the inflater limits its
        // inflated size.
        return header.payloadCount > limit - (message?.count ?? 0) ? .messageTooBig : nil
    }

    /// Collects what has arrived of the open frame; nil to go on with the next frame.
    private mutating func gather(_ input: RawSpan, _ position: inout Int) -> Event? {
        guard var open = frame, var partial = message else { return .needsMore }
        let count = min(open.missing, input.byteCount - position)
        if count > 0 {
            let bytes = input.extracting(position..<(position + count))
            position += count
            open.missing -= count
            if let violation = add(bytes, to: &partial) { return .violation(violation) }
            message = partial
        }
        guard open.missing == 0 else {
            frame = open
            return .needsMore
        }
        frame = nil
        return open.isFinal ? finish(&partial) : nil
    }

    private mutating func add(_ bytes: RawSpan, to partial: inout Partial) -> ProtocolViolation? {
        guard partial.isCompressed else {
            if partial.kind == .text, !partial.text.accept(bytes) { return .invalidUTF8 }
            gathered.append(bytes)
            return nil
        }
        let before = inflatedCount()
        let violation = Self.violation(inflater?.inflate(bytes))
        // Text that was inflated before the violation is checked first, so that the result does not depend on how the
        // stream was cut.
        return check(from: before, &partial) ?? violation
    }

    private mutating func finish(_ partial: inout Partial) -> Event {
        if partial.isCompressed {
            let before = inflatedCount()
            let violation = Self.violation(inflater?.finishMessage())
            if let violation = check(from: before, &partial) ?? violation { return .violation(violation) }
        }
        guard partial.kind == .binary || partial.text.isComplete else { return .violation(.invalidUTF8) }
        isDelivered = true
        return .assembled(partial.kind)
    }

    /// Checks the text that the last step inflated.
    private mutating func check(from before: Int, _ partial: inout Partial) -> ProtocolViolation? {
        guard partial.kind == .text else { return nil }
        switch inflater {
        case .some(let inflater):
            return partial.text.accept(inflater.output.extracting(before...)) ? nil : .invalidUTF8
        case .none: return nil
        }
    }

    private func inflatedCount() -> Int {
        switch inflater {
        case .some(let inflater): inflater.output.byteCount
        case .none: 0
        }
    }

    private static func violation(_ outcome: Inflater.Outcome?) -> ProtocolViolation? {
        switch outcome {
        case .ok: nil
        case .tooBig: .messageTooBig
        case .invalid, nil: .invalidDeflate
        }
    }

    /// Gets ready for the next message; frees a large buffer.
    private mutating func forgetMessage() {
        isDelivered = false
        message = nil
        inflater?.clear()
        if gathered.capacity > 1 << 20 { gathered = [] } else { gathered.removeAll(keepingCapacity: true) }
    }
}
