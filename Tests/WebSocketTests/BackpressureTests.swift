import Dispatch
import Glibc
import Network
import Synchronization
import Testing

@testable import WebSocket

/// Slow consumers and servers: the reader answers pings whatever the rest of the program does.
@Suite struct `Pongs and backpressure` {
    final class Queue: Sendable {
        let messages = Mutex<[[UInt8]]>([])
    }

    /// Hands over into a bounded queue that nobody empties, as a stalled consumer would leave it.
    struct StalledConsumer: WebSocketHandler {
        let queue: Queue
        func opened(_ response: UpgradeResponse) {}
        func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction {
            let copy = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
            queue.messages.withLock { if $0.count < 100 { $0.append(copy) } }
            return .continue
        }
        func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction { .continue }
    }

    /// 3 s with 10 pings a second; `PONG_SECONDS=30` makes it the long run of 30 s.
    ///
    /// The bound is 100 ms and what the machine itself is late with in the same run, which is nothing where it is quiet. One
    /// pong in ten may be later, as a busy machine may stop the reader just where nobody measures; but no two wait for
    /// the reader's next look at its clock, which is a second away.
    @Test func `pongs leave within 100 ms while the consumer stands still`() async throws {
        let seconds = unsafe getenv("PONG_SECONDS").flatMap { unsafe Int(String(cString: $0)) } ?? 3
        let (delays, continuation) = AsyncStream.makeStream(of: (pong: Duration, pause: Duration).self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade()
            for number in 0..<(seconds * 10) {
                for _ in 0..<50 { peer.write(ServerFrame.text(String(repeating: "x", count: 500))) }
                let start = ContinuousClock.now
                let payload = Array("\(number)".utf8)
                peer.write(ServerFrame.make(9, payload))
                guard let pong = peer.readFrame(), pong.opcode == 10, pong.payload == payload else { break }
                let answered = ContinuousClock.now
                peer.pause(milliseconds: 100)
                continuation.yield((answered - start, ContinuousClock.now - answered - .milliseconds(100)))
            }
            continuation.finish()
            peer.write(ServerFrame.close(1000))
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.coalesce = .milliseconds(10)
        let connection = try Client.connection(configuration)
        async let end = Client.run(connection, StalledConsumer(queue: Queue()))
        var seen: [(pong: Duration, pause: Duration)] = []
        for await delay in delays { seen.append(delay) }
        let pongs = seen.map(\.pong).sorted()
        let ninth = pongs.isEmpty ? .zero : pongs[pongs.count * 9 / 10]
        // How late the machine itself lets a thread run just now: the reader's thread and the server's.
        let late = (seen.map(\.pause).max() ?? .zero) * 2
        // One may meet a pause of the whole machine.
        let worst = pongs.dropLast().last ?? .zero
        print("of \(pongs.count) pongs nine of ten within \(ninth), all but one \(worst); threads late by \(late)")
        #expect(pongs.count == seconds * 10)
        #expect(ninth <= .milliseconds(100) + late)
        #expect(worst < .seconds(1) + late)
        _ = await end
    }

    @Test func `a server that stops reading blocks neither our reading nor our memory`() async throws {
        let pings = 40_000
        let ended = DispatchSemaphore(value: 0)
        let server = LoopbackServer(receiveBuffer: 4096) { peer, _ in
            peer.upgrade()
            let ping = ServerFrame.make(9, [UInt8](repeating: 1, count: 125))
            // Pongs for these are 5 MB, far more than the kernel's buffers; none is read.
            for _ in 0..<(pings / 100) { peer.write((0..<100).flatMap { _ in ping }) }
            peer.write(ServerFrame.text("still reading"))
            peer.write(ServerFrame.close(1000))
            peer.wait(for: ended)
        }
        defer { server.stop() }
        defer { ended.signal() }
        let (end, recording) = try await Client.run(Client.configuration(server))
        #expect(recording.texts == ["still reading"])
        #expect(end.closure?.code == .normal)
    }

    @Test func `more than the limit is not queued`() async throws {
        let tried = DispatchSemaphore(value: 0)
        let server = LoopbackServer(receiveBuffer: 4096) { peer, _ in
            peer.upgrade()
            peer.wait(for: tried)
            peer.write(ServerFrame.close(1000))
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.limits.outgoing = 1000
        let connection = try Client.connection(configuration)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        async let end = Client.run(
            connection,
            RecordingHandler(recording: Recording(), whenOpened: { opening.yield() })
        )
        for await _ in opened { break }
        let failure = #expect(throws: WebSocketError.self) {
            try connection.send(binary: [UInt8](repeating: 0, count: 1001))
        }
        #expect(failure?.code == .notSent)
        tried.signal()
        _ = await end
    }

    @Test func `what the kernel has not taken counts against the limit`() {
        let outbox = Outbox(limit: 100)
        let message = Outbox.Item.binary([UInt8](repeating: 0, count: 60))
        outbox.open()
        #expect(outbox.add(message))
        #expect(outbox.take(unsent: 0) == [message])
        #expect(!outbox.add(message), "it may not have been written yet")
        #expect(outbox.take(unsent: 60).isEmpty)
        #expect(!outbox.add(message), "it was not")
        #expect(outbox.take(unsent: 40).isEmpty)
        #expect(outbox.add(message))
    }

    @Test func `a server that does not read is closed all the same`() async throws {
        let ended = DispatchSemaphore(value: 0)
        let server = LoopbackServer(receiveBuffer: 4096) { peer, _ in
            peer.upgrade()
            peer.wait(for: ended)
        }
        defer { server.stop() }
        defer { ended.signal() }
        var configuration = try Client.configuration(server)
        configuration.limits.outgoing = 32 << 20
        configuration.closeDeadline = .milliseconds(100)
        let connection = try Client.connection(configuration)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        async let end = Client.run(
            connection,
            RecordingHandler(recording: Recording(), whenOpened: { opening.yield() })
        )
        for await _ in opened { break }
        // More than the kernel takes.
        try connection.send(binary: [UInt8](repeating: 0, count: 16 << 20))
        connection.close()
        let closure = await end.closure
        #expect(closure?.initiator == .client && closure?.isClean == false)
    }
}
