internal import Network

/// A connection after the 101: everything that its thread owns except the handler.
///
/// It deals with control frames, the closing handshake, liveness and the reader's rests. It returns messages as events.
struct OpenConnection: ~Copyable {
    /// What the handler must be told.
    enum Event: Sendable {
        /// A message in this range of ``OpenConnection/unread``.
        case message(WebSocketMessageKind, Range<Int>)
        /// A message in ``OpenConnection/assembled``.
        case assembled(WebSocketMessageKind)
        /// All bytes received so far have been processed.
        case drained
    }

    private let configuration: WebSocketConfiguration
    private let wakeUp: WakeUp
    private let outbox: Outbox
    private var stream: ByteStream
    private var buffer: ReceiveBuffer
    private var reader: MessageReader
    private var output = SendQueue()
    private var deflater: Deflater?
    private var keepAlive: KeepAlive
    private var closingState = ClosingState()
    private var position = 0
    /// What the last read waits for besides bytes: the socket may have to become writable first, for a TLS key update.
    private var readInterest = Poll.Interest.readable
    private var coalescer: ReadCoalescer
    private let closeDeadline: MonotonicTime.Span
    /// The handler is called, and the clock is read, at least once a second.
    private let longestWait = MonotonicTime.Span(.seconds(1))

    /// Takes over a stream and its buffer, which may already hold bytes that followed the 101.
    init(
        _ stream: consuming ByteStream,
        _ buffer: consuming ReceiveBuffer,
        deflate: DeflateParameters?,
        configuration: WebSocketConfiguration,
        wakeUp: WakeUp,
        outbox: Outbox
    ) {
        let now = MonotonicTime.now
        self.stream = stream
        self.buffer = buffer
        self.configuration = configuration
        self.wakeUp = wakeUp
        self.outbox = outbox
        reader = MessageReader(limit: configuration.limits.message, deflate: deflate)
        if let deflate, configuration.deflate?.compressesSent ?? false { deflater = Deflater(deflate) }
        keepAlive = KeepAlive(configuration.liveness, now: now)
        coalescer = ReadCoalescer(rest: configuration.coalesce)
        closeDeadline = MonotonicTime.Span(configuration.closeDeadline)
    }

    /// The received bytes that the ranges in events refer to.
    var unread: RawSpan {
        @_lifetime(borrow self)
        borrowing get { buffer.unread }
    }

    /// The message that the last ``Event/assembled(_:)`` announced.
    var assembled: RawSpan {
        @_lifetime(borrow self)
        borrowing get { reader.assembled }
    }

    /// The next message, or ``Event/drained`` when more bytes must be read first.
    mutating func next(_ now: MonotonicTime) -> Event {
        while true {
            switch Self.next(&reader, buffer, &position) {
            case .message(let kind, let range):
                if closingState.isOpen { return .message(kind, range) }
            case .assembled(let kind):
                if closingState.isOpen { return .assembled(kind) }
            case .ping(let range):
                if closingState.isOpen { output.addPong(buffer.unread.extracting(range).copied()) }
            case .pong: break
            case .close(let range): receivedClose(range, now)
            case .violation(let violation): fail(violation, now)
            case .needsMore:
                buffer.consume(position)
                position = 0
                return .drained
            }
            if closingState.stage == .ending {
                // Data after a close frame, or after a violation, is ignored (RFC 6455 §5.5.1, §7.1.7).
                buffer.consumeAll()
                position = 0
                return .drained
            }
        }
    }

    /// Takes the two properties as arguments: one is borrowed while the other is changed.
    @inline(__always)
    private static func next(
        _ reader: inout MessageReader,
        _ buffer: borrowing ReceiveBuffer,
        _ position: inout Int
    ) -> MessageReader.Event {
        reader.next(buffer.unread, &position)
    }

    /// Waits until there is something to do, does it, and reads once.
    ///
    /// - Parameter now: the current time; updated after the wait, so that a turn reads the clock once.
    /// - Returns: nil to go on, or how the connection ended.
    mutating func turn(_ now: inout MonotonicTime) -> Result<WebSocketClosure, WebSocketError>? {
        do throws(StreamError) {
            try output.flush(to: &stream)
            if !closingState.isOpen, let deadline = closingState.deadline, now >= deadline { return finish() }
            let hasWaited = !stream.mayHaveMore
            let isReadable = hasWaited ? wait(now) : true
            now = .now
            guard isReadable else { return nil }
            if hasWaited { coalescer.woke(now) }
            switch try buffer.fill(from: &stream) {
            case .bytes(let count):
                readInterest = .readable
                keepAlive.received(at: now)
                coalescer.received(count)
                if closingState.stage == .ending { buffer.consumeAll() }
            case .blocked(let wanted):
                readInterest = wanted
                coalescer.foundNothing()
            case .end: return ended()
            }
        } catch {
            return broken(error)
        }
        return nil
    }

    /// Handles what is due: items in the outbox, cancellation, liveness.
    mutating func tick(_ now: MonotonicTime) {
        guard closingState.isOpen else { return }
        takeOutbox(now)
        guard closingState.isOpen else { return }
        if wakeUp.isCancelled {
            sendClose(ClosePayload(code: .goingAway, reason: ""))
            closingState.end(
                .failure(failure(.cancelled, "the task was cancelled")),
                until: now + closeDeadline
            )
            return
        }
        switch keepAlive.tick(now) {
        case .none: break
        case .sendPing: output.add(.ping, RawSpan())
        case .giveUp:
            let detail = "nothing was received for \(configuration.liveness.deadAfter)"
            closingState.end(.failure(failure(.deadPeer, detail)), until: now)
        }
    }

    /// Begins the closing handshake.
    mutating func close(_ code: WebSocketCloseCode, _ reason: String, _ now: MonotonicTime) {
        guard closingState.isOpen else { return }
        let closure = WebSocketClosure(initiator: .client, code: code, reason: reason, isClean: false)
        sendClose(ClosePayload(code: code, reason: reason))
        closingState.close(closure, until: now + closeDeadline)
    }

    private mutating func takeOutbox(_ now: MonotonicTime) {
        for item in outbox.take(unsent: output.count) {
            switch item {
            case .text(let bytes): send(.text, bytes)
            case .binary(let bytes): send(.binary, bytes)
            case .close(let code, let reason): return close(code, reason, now)
            }
        }
    }

    private mutating func send(_ opcode: Opcode, _ bytes: [UInt8]) {
        if let compressed = unsafe deflater?.compress(bytes.span.bytes) {
            unsafe output.add(opcode, compressed.span.bytes, isCompressed: true)
        } else {
            unsafe output.add(opcode, bytes.span.bytes)
        }
    }

    private mutating func sendClose(_ payload: ClosePayload) {
        outbox.close()
        unsafe output.add(.close, payload.bytes.span.bytes)
    }

    private mutating func receivedClose(_ range: Range<Int>, _ now: MonotonicTime) {
        let payload: ClosePayload
        do throws(ProtocolViolation) {
            payload = try ClosePayload(buffer.unread.extracting(range))
        } catch {
            return fail(error, now)
        }
        let initiator: WebSocketClosure.Initiator
        switch closingState.stage {
        case .open:
            initiator = .server
            // Messages queued before the server's close frame arrived must go out before our close frame.
            takeOutbox(now)
            if closingState.isOpen { sendClose(payload) }
        case .closing: initiator = .client
        case .ending: return
        }
        let closure = WebSocketClosure(
            initiator: initiator,
            code: payload.code,
            reason: payload.reason,
            isClean: true
        )
        closingState.end(.success(closure), until: now + closeDeadline)
    }

    private mutating func fail(_ violation: ProtocolViolation, _ now: MonotonicTime) {
        if closingState.isOpen { takeOutbox(now) }
        if closingState.isOpen { sendClose(ClosePayload(code: violation.closeCode, reason: violation.reason)) }
        let code: WebSocketError.Code = violation == .messageTooBig ? .messageTooBig : .protocolViolation
        let failure = WebSocketError(
            code,
            origin: configuration.url.origin,
            violation.reason,
            closeCode: violation.closeCode
        )
        closingState.end(.failure(failure), until: now + closeDeadline)
    }

    /// Rests, or waits for the socket; false if there is nothing to read.
    private mutating func wait(_ now: MonotonicTime) -> Bool {
        if closingState.isOpen, output.interest == nil, let end = coalescer.restEnd(now) {
            return !isWoken(Poll.wait(-1, [], wakeUp, milliseconds: now.milliseconds(until: end)))
        }
        // The liveness deadline applies to an open connection only. During the closing handshake it would keep the loop
        // spinning.
        let due = closingState.isOpen ? keepAlive.deadline : closingState.deadline
        let deadline = min(now + longestWait, due ?? now + longestWait)
        let interest = readInterest.union(output.interest ?? [])
        let milliseconds = now.milliseconds(until: deadline)
        let outcome = Poll.wait(stream.descriptor, interest, wakeUp, milliseconds: milliseconds)
        _ = isWoken(outcome)
        return outcome?.isReady ?? false
    }

    /// Whether another thread ended the wait; clears its signal.
    private func isWoken(_ outcome: Poll.Outcome?) -> Bool {
        guard let outcome, outcome.isWoken else { return false }
        wakeUp.clear()
        return true
    }

    /// The server has closed its sending side of TCP.
    private mutating func ended() -> Result<WebSocketClosure, WebSocketError> {
        guard closingState.isOpen else { return finish() }
        stream.finishWriting()
        return .failure(failure(.connectionLost, "the server ended the connection without a close frame"))
    }

    private mutating func broken(_ cause: StreamError) -> Result<WebSocketClosure, WebSocketError> {
        if closingState.isOpen { return .failure(failure(.connectionLost, cause.detail, cause)) }
        return finish()
    }

    /// The outcome when there is nothing left to wait for.
    private mutating func finish() -> Result<WebSocketClosure, WebSocketError> {
        stream.finishWriting()
        return closingState.outcome ?? .failure(failure(.connectionLost, "the connection was left"))
    }

    private func failure(
        _ code: WebSocketError.Code,
        _ detail: String,
        _ stream: StreamError? = nil
    ) -> WebSocketError {
        WebSocketError(code, origin: configuration.url.origin, detail, stream: stream)
    }
}
