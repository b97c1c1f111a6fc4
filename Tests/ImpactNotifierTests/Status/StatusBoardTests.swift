import ATProtocol
import Testing

@testable import ImpactNotifier
@testable import LedgerStorage
@testable import Notifier
@testable import OAuth

@Suite struct `What the endpoint is told of the ledger` {
    private static let start = ContinuousClock.now

    private func time(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    private static let status = PipelineStatus(
        sender: .open,
        jobs: [:],
        oldestPendingAge: nil,
        matched: 0,
        delivered: 0,
        lastDeliveredAt: nil,
        awaitingProof: 0,
        quarantined: 0,
        pausedHosts: 0
    )

    private func record(_ durations: [Double]) -> AnswerRecord {
        var record = AnswerRecord()
        for duration in durations {
            record.ask(at: time(-duration))
            record.answer(at: time(0))
        }
        return record
    }

    @Test func `says within a second that a ledger which was quick does not answer, and for how long`() {
        var record = record([0.001, 0.002])
        #expect(record.silence(at: time(100)) == nil)
        // It hangs right behind an answer: the question comes after the rest, and then patience ends.
        let asked = time(0) + record.rest
        record.ask(at: asked)
        #expect(record.silence(at: asked + .milliseconds(400)) == nil)
        #expect(record.silence(at: time(0.95)) != nil)
        #expect(record.silence(at: asked + .seconds(12)) == .seconds(12))
        record.answer(at: asked + .seconds(13))
        #expect(record.silence(at: asked + .seconds(14)) == nil)
    }

    @Test(
        arguments: [
            ([], 0.5), ([0.001], 0.5), ([0.1, 0.1], 2), ([1, 0.8], 16),
            // One answer that took long is an accident: afterwards the figures do not rest for minutes.
            ([0.001, 12], 0.5), ([12, 0.001], 0.5), ([12, 13, 12], 60),
        ] as [([Double], Double)]
    )
    func `costs a slow ledger no more than a twentieth of its time`(durations: [Double], rest: Double) {
        #expect(abs(record(durations).rest / .seconds(1) - rest) < 1e-6)
    }

    @Test func `does not take a slow ledger for a silent one`() {
        var record = record([1, 1])
        record.ask(at: time(0))
        #expect(record.silence(at: time(3.9)) == nil)
        #expect(record.silence(at: time(4.1)) != nil)
    }

    @Test func `names what is the matter, in every state`() throws {
        let session = SessionStatus(
            kind: .loopback,
            account: try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
            canSendMessages: true,
            canPost: true,
            generation: 1,
            state: .ok,
            renewals: [:]
        )
        let board = StatusBoard(session: session)
        #expect(board.ledger(at: time(0)).pending == "ledger")
        board.ask(at: time(0))
        #expect(board.ledger(at: time(0.1)).pending == "ledger")
        #expect(board.ledger(at: time(12.5)).pending == "ledger (has not answered for 12 s)")
        #expect(board.ledger(at: time(12.5)).silence == 12.5)
        board.show(.success(Self.status), at: time(13))
        #expect(board.ledger(at: time(13)) == .answering && board.pipeline == Self.status)
        #expect(board.ledger(at: time(13)).pending == nil && board.ledger(at: time(13)).silence == 0)
        board.ask(at: time(14))
        board.show(.failure(LedgerError(.unopenable, path: "/x", detail: "no such file")), at: time(14.1))
        #expect(board.pipeline == nil)
        #expect(board.ledger(at: time(15)).pending?.contains("no such file") == true)
    }
}
