internal import ATProtocol
internal import Synchronization

/// One client of a stream host, served by the thread of its connection.
final class StreamSubscriber: Sendable {
    /// How the connection is to be kept.
    struct Manner: Sendable {
        var framing = Framing.whole
        var form = LoggedEvent.Form()
        /// How many of the last events are sent again when the client has caught up.
        var repeatsAtCutOver = 0
    }

    /// What happens before the events.
    struct Opening: Sendable {
        /// A message.
        var first: [UInt8]?
        /// v1's `requireHello`: nothing is sent before the client has sent its options.
        var waitsForOptions = false
        /// The message is the last one.
        var ends = false
        /// permessage-deflate was agreed.
        var isCompressed = false
    }

    /// Why the connection is over.
    private struct Ended: Error {}

    /// What the connection's thread owns.
    private struct Progress {
        var position: Int64
        var filter: StreamFilter
        var received: [UInt8]
        var pings = 0
        var nextPing: ContinuousClock.Instant
        var pongExpected: (payload: [UInt8], by: ContinuousClock.Instant)?
        var tearsNextFrame = false
        /// How many events more are sent before the end; nil for no end.
        var eventsLeft: Int?
        var isPaused: Bool
        /// Compresses what is sent; nil when that was not agreed.
        var deflater: MessageDeflater?
        /// Whether what was there before the client came is still being sent.
        var isCatchingUp: Bool
        /// The last events that were sent, as long as some of them may be sent again.
        var replayed: [[UInt8]] = []
    }

    private static let pingInterval = Duration.seconds(30)
    private static let pongDeadline = Duration.seconds(5)

    private let socket: ServerSocket
    private let wire: SandboxWire
    private let log: EventLog
    private let manner: @Sendable () -> Manner
    private let wake: Int32
    private let orders = Mutex<[StreamFault]>([])

    init(socket: ServerSocket, wire: SandboxWire, log: EventLog, manner: @escaping @Sendable () -> Manner) {
        self.socket = socket
        self.wire = wire
        self.log = log
        self.manner = manner
        wake = log.subscribe()
    }

    /// Does something to the connection; from any thread.
    func order(_ fault: StreamFault) {
        orders.withLock { $0.append(fault) }
        EventLog.wake(wake)
    }

    /// Serves the connection until it is to be closed, which the server does.
    ///
    /// - Parameters:
    ///   - position: of the first event.
    ///   - filter: which events.
    ///   - opening: what happens before.
    ///   - received: bytes that came behind the request.
    func run(from position: Int64, _ filter: StreamFilter, _ opening: Opening, _ received: [UInt8]) {
        defer { log.unsubscribe(wake) }
        var progress = Progress(
            position: position,
            filter: filter,
            received: received,
            nextPing: .now + Self.pingInterval,
            isPaused: opening.waitsForOptions,
            deflater: opening.isCompressed ? MessageDeflater() : nil,
            isCatchingUp: position < log.next
        )
        do {
            if let first = opening.first { try write(first, opcode, progress) }
            if opening.ends { try end(1008, "") }
            while true { try turn(&progress) }
        } catch {}
    }

    private var opcode: ServerFrame.Opcode { wire == .relay ? .binary : .text }

    private func turn(_ progress: inout Progress) throws {
        for fault in orders.withLock({ orders in
            defer { orders = [] }
            return orders
        }) { try carryOut(fault, &progress) }
        let isBehind = try sendEvents(&progress)
        try keepAlive(&progress)
        let now = ContinuousClock.now
        let deadline = min(progress.nextPing, progress.pongExpected?.by ?? progress.nextPing)
        let readiness = socket.wait(isBehind ? .zero : max(.zero, deadline - now) + .milliseconds(1), alsoFor: wake)
        if readiness.isWoken { EventLog.drain(wake) }
        if readiness.isReadable { try receive(&progress) }
    }

    /// Writes a batch; true when there is more.
    private func sendEvents(_ progress: inout Progress) throws -> Bool {
        guard !progress.isPaused else { return false }
        // Who reads more slowly than the host forgets is cut off, not served with a hole.
        guard let batch = log.events(from: progress.position, limit: 256) else { throw Ended() }
        for event in batch {
            progress.position = event.sequence + 1
            guard progress.filter.wants(event), let message = event.message(on: wire, manner().form),
                progress.filter.fits(message)
            else { continue }
            if progress.tearsNextFrame {
                let frame = ServerFrame.encode(opcode, message)
                try socket.write(Array(frame.prefix(frame.count / 2)))
                throw Ended()
            }
            if progress.eventsLeft == 0 { throw Ended() }
            progress.eventsLeft = progress.eventsLeft.map { $0 - 1 }
            try write(message, opcode, progress)
            if progress.isCatchingUp, manner().repeatsAtCutOver > 0 { progress.replayed.append(message) }
            if wire == .relay { progress.nextPing = .now + Self.pingInterval }
        }
        if progress.isCatchingUp, batch.count < 256 {
            progress.isCatchingUp = false
            for message in progress.replayed.suffix(manner().repeatsAtCutOver) { try write(message, opcode, progress) }
            progress.replayed = []
        }
        return batch.count == 256
    }

    private func keepAlive(_ progress: inout Progress) throws {
        if let expected = progress.pongExpected, ContinuousClock.now > expected.by { throw Ended() }
        if ContinuousClock.now >= progress.nextPing { try ping(&progress) }
    }

    /// A Jetstream counts its pings and wants the pong of the same payload in time; a relay pings after a silence alone,
    /// with nothing in it, and looks at no pong.
    private func ping(_ progress: inout Progress) throws {
        progress.nextPing = .now + Self.pingInterval
        guard wire != .relay else { return try socket.write(ServerFrame.encode(.ping, [])) }
        progress.pings += 1
        let payload = Array(String(progress.pings).utf8)
        try socket.write(ServerFrame.encode(.ping, payload))
        progress.pongExpected = (payload, .now + Self.pongDeadline)
    }

    private func receive(_ progress: inout Progress) throws {
        let bytes = try socket.read()
        guard !bytes.isEmpty else { throw Ended() }
        progress.received += bytes
        do {
            while let frame = try ServerFrame.take(from: &progress.received) { try handle(frame, &progress) }
        } catch is ServerFrame.ViolationError {
            try end(1002, "protocol error")
        }
    }

    private func handle(_ frame: ServerFrame.Incoming, _ progress: inout Progress) throws {
        switch frame.opcode {
        case .ping: try socket.write(ServerFrame.encode(.pong, frame.payload))
        case .pong:
            // coder/websocket takes only the pong with the ping's own payload.
            if frame.payload == progress.pongExpected?.payload { progress.pongExpected = nil }
        case .close:
            try socket.write(ServerFrame.encode(.close, Array(frame.payload.prefix(2))))
            throw Ended()
        case .text where wire == .jetstream1: try updateOptions(frame.payload, &progress)
        case .text where wire == .relay, .binary where wire == .relay: break
        case .text, .binary, .continuation: try end(1008, "unexpected data message")
        }
    }

    /// `options_update` replaces every option, an absent list included.
    private func updateOptions(_ payload: [UInt8], _ progress: inout Progress) throws {
        guard let message = try? JSONValue(parsing: payload), let type = message["type"]?.string else {
            try end(1007, "bad SubscriberSourcedMessage envelope")
        }
        guard type == "options_update" else { return }
        guard let options = message["payload"], options.object != nil else {
            try end(1007, "bad options_update payload")
        }
        var filter = StreamFilter()
        filter.dids = Set((options["wantedDids"]?.array ?? []).compactMap(\.string))
        filter.collections = (options["wantedCollections"]?.array ?? []).compactMap(\.string)
        progress.filter = filter
        progress.isPaused = false
    }

    private func carryOut(_ fault: StreamFault, _ progress: inout Progress) throws {
        switch fault {
        case .drop: throw Ended()
        case .reset:
            socket.reset()
            throw Ended()
        case .close(let code, let reason): try end(code, reason)
        case .stall(let duration): try stall(duration)
        case .text(let text): try write(Array(text.utf8), .text, progress)
        case .binary(let bytes): try write(bytes, .binary, progress)
        case .raw(let bytes): try socket.write(bytes)
        case .tooSlow:
            let advice =
                "reading below the floor rate 100001 events behind the tip; reconnect with cursor=\(progress.position)"
            try fail("ConsumerTooSlow", wire == .relay ? "" : advice, progress)
        case .internalError: try fail("InternalError", "stream read failed; reconnect", progress)
        case .ping: try ping(&progress)
        case .tearNextFrame: progress.tearsNextFrame = true
        case .dropAfter(let count): progress.eventsLeft = count
        }
    }

    /// Ends the stream with an error message and no close frame; v1 has no such messages.
    private func fail(_ name: String, _ message: String, _ progress: Progress) throws -> Never {
        switch wire {
        case .jetstream1: break
        case .jetstream2:
            let error: JSONValue = ["$type": "error", "error": .string(name), "message": .string(message)]
            try write(error.encoded, opcode, progress)
        case .relay: try write(RelayMessage.error(name, message) ?? [], opcode, progress)
        }
        throw Ended()
    }

    /// Deaf and mute for a time; only further orders and the time end it.
    private func stall(_ duration: Duration) throws {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, orders.withLock(\.isEmpty) {
            // The wake-up descriptor alone is watched: bytes from the client stay in the kernel.
            ServerSocket.wait(on: wake, end - .now)
            EventLog.drain(wake)
        }
    }

    private func end(_ code: UInt16, _ reason: String) throws -> Never {
        try socket.write(ServerFrame.encode(.close, ServerFrame.closePayload(code, reason)))
        _ = socket.wait(.seconds(1))
        throw Ended()
    }

    private func write(_ message: [UInt8], _ opcode: ServerFrame.Opcode, _ progress: Progress) throws {
        let deflater = message.count < MessageDeflater.threshold ? nil : progress.deflater
        let payload = deflater?.compress(message) ?? message
        let (limit, endsEmpty): (Int, Bool) =
            switch manner().framing {
            case .whole: (Int.max, false)
            case .fragmented(let size): (size, false)
            case .gorilla(let size): (size, true)
            }
        try fragments(payload, opcode, isCompressed: deflater != nil, size: limit, endsEmpty: endsEmpty)
    }

    private func fragments(
        _ payload: [UInt8],
        _ opcode: ServerFrame.Opcode,
        isCompressed: Bool,
        size: Int,
        endsEmpty: Bool
    ) throws {
        var rest = payload[...]
        var opcode = opcode
        // RFC 7692 §6: the first fragment alone says that the message is compressed.
        var isCompressed = isCompressed
        repeat {
            let piece = Array(rest.prefix(max(1, size)))
            rest = rest.dropFirst(piece.count)
            let isFinal = rest.isEmpty && !endsEmpty
            try socket.write(ServerFrame.encode(opcode, piece, isFinal: isFinal, isCompressed: isCompressed))
            (opcode, isCompressed) = (.continuation, false)
        } while !rest.isEmpty
        if endsEmpty { try socket.write(ServerFrame.encode(.continuation, [])) }
    }
}
