import ATProtocol
import Logging
import Network
import TestSupport
import Testing

@testable import OAuth

/// Rows of the failure table that an authorization server's answer to a refresh decides.
@Suite struct `A refresh, row by row of the failure table` {
    struct Row: Sendable, CustomTestStringConvertible {
        let number: Int
        let what: String
        let answers: [Answer]
        /// Name and reason of the state afterwards.
        let state: String
        let reason: SessionProblem.Reason?
        /// Requests to the token endpoint.
        let requests: Int
        /// The generation on the disk.
        var generation: Int64 = 0
        /// Whether a call goes through with the access token that has not ended yet.
        var isServed = true
        /// Seconds until the next try, at least and at most; nil when there is none.
        var wait: ClosedRange<Double>?

        var testDescription: String { "row \(number): \(what)" }
    }

    @Test(arguments: rows) func `state, requests, disk and the next try are as the table says`(row: Row) async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, row.answers)
        let session = try await fixture.open()
        // Twelve seconds of life left: due for a refresh, and still good for a call.
        fixture.clock.advance(3588)
        let result = await Result { () async throws(SessionError) in
            guard let call = try? fixture.call else { throw SessionError(code: .transport, sentence: "") }
            return try await session.send(call)
        }
        let status = await session.status()
        #expect(status.state.name == row.state)
        #expect(status.state.problem?.reason == row.reason)
        #expect(fixture.tokenRequests == row.requests)
        #expect(fixture.stored?.generation == row.generation)
        #expect(fixture.stored != nil, "nothing but a human deletes a session")
        let served = try? result.get().status
        #expect(served == (row.isServed ? 200 : nil))
        if let wait = row.wait {
            let seconds = ((status.waitsUntil ?? 0) - fixture.clock.dates.now()).inSeconds
            #expect(wait.contains(seconds), "waits \(seconds) s")
        } else {
            #expect(status.waitsUntil == nil)
        }
        let needsHuman = ["needs-login", "misconfigured", "quarantined"].contains(row.state)
        let what = row.isServed ? "messages are sent until its token ends" : "nothing is sent"
        #expect(fixture.log.count("session needs a human; \(what)", .error) == (needsHuman ? 1 : 0))
        expectFreshProofs(fixture)
    }

    /// Every attempt has a proof and an assertion of its own.
    private func expectFreshProofs(_ fixture: SessionFixture) {
        let attempts = fixture.client.requests.filter { $0.url.path == SessionFixture.tokenPath }
        let proofs = Set(attempts.compactMap { $0.headers["DPoP"] })
        #expect(proofs.count == attempts.count)
        #expect(Set(attempts.map(\.body)).count == attempts.count)
        #expect(attempts.allSatisfy { $0.isAlone })
    }
}

extension Result where Failure == SessionError {
    init(_ work: () async throws(SessionError) -> Success) async {
        do throws(SessionError) { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
