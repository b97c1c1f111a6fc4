import ATProtocol
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `The queue` {
    private func batch(_ value: Int64, events: Int = 0) throws -> StreamBatch {
        let position = StreamPosition(host: "h", wire: .jetstream2, value: value, witnessed: value)
        let event = StreamEvent(position: position, did: try DID("did:web:a.test"), body: .sync(rev: "r"))
        return StreamBatch(
            events: Array(repeating: event, count: events),
            position: StoredPosition(position: position)
        )
    }

    @Test func `batches come out in order`() async throws {
        let batchQueue = BatchQueue()
        for value in 1...3 { #expect(batchQueue.offer(try batch(Int64(value), events: 1))) }
        for value in 1...3 { #expect(await batchQueue.next()?.position?.position.value == Int64(value)) }
    }

    @Test func `a full queue refuses, and says when there is room`() async throws {
        let batchQueue = BatchQueue(capacity: 4)
        #expect(batchQueue.offer(try batch(1, events: 4)))
        #expect(!batchQueue.offer(try batch(2, events: 1)))
        async let room: Void = batchQueue.waitForRoom()
        #expect(await batchQueue.next()?.events.count == 4)
        await room
        #expect(batchQueue.offer(try batch(3, events: 9)), "an empty queue takes a batch of any size")
    }

    @Test func `positions without events replace each other`() async throws {
        let batchQueue = BatchQueue(capacity: 1)
        for value in 1...1000 { #expect(batchQueue.offer(try batch(Int64(value)))) }
        #expect(await batchQueue.next()?.position?.position.value == 1000)
        #expect(batchQueue.depth == 0)
    }

    @Test func `a closed queue gives what it has and then nothing`() async throws {
        let batchQueue = BatchQueue()
        #expect(batchQueue.offer(try batch(1, events: 1)))
        batchQueue.close()
        #expect(!batchQueue.offer(try batch(2)))
        #expect(await batchQueue.next() != nil)
        #expect(await batchQueue.next() == nil)
    }

    @Test func `a waiting consumer is released by a batch, by closing and by cancellation`() async throws {
        let batchQueue = BatchQueue()
        async let first = batchQueue.next()
        #expect(batchQueue.offer(try batch(1)))
        #expect(await first != nil)
        let cancelled = Task { await batchQueue.next() }
        cancelled.cancel()
        #expect(await cancelled.value == nil)
        async let last = batchQueue.next()
        batchQueue.close()
        #expect(await last == nil)
    }

    @Test func `a batch that comes while its consumer is cancelled blocks neither`() async throws {
        let batchQueue = BatchQueue()
        let batch = try batch(1)
        // The moment is the input: thousands of tries meet it within a second.
        for _ in 0..<5000 {
            let consumer = Task { await batchQueue.next() }
            async let offered = Task.detached { batchQueue.offer(batch) }.value
            consumer.cancel()
            #expect(await offered)
            _ = await consumer.value
        }
    }
}
