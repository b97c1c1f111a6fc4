import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `A message that is too large` {
    @Test(arguments: SandboxWire.allCases)
    func `is declared, put aside and passed over, and what is around it arrives`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        var configuration = try sandbox.configuration(sandbox.network.streamURL(wire))
        configuration.maximumMessage = 20_000
        var huge = ""
        try await sandbox.following(configuration) { _ in
            let before = try (0..<5).map { try sandbox.write($0) }
            await sandbox.take(before)
            huge = try sandbox.write(5, padding: 30_000)
            let after = try (6..<12).map { try sandbox.write($0) }
            await sandbox.take(after)
            // The detour is over: the next connection asks for everything again, and continuity is proven from there.
            await sandbox.log.wait(for: "stream goes on where it stopped")
            await sandbox.take([try sandbox.write(12)])
        }
        let positions = sandbox.positions
        #expect(!positions.created.contains(huge))
        #expect(positions.gaps.map(\.reason) == [.messageTooLarge])
        #expect(positions.rejected.map(\.reason) == [.tooLarge])
        let endings = sandbox.log.metadata(of: "stream disconnected").compactMap { $0["reason"] }
        #expect(endings.count { $0 == "message-too-big" } <= 4, "\(endings)")
        let last = try #require(sandbox.network.journal.entries(matching: "stream GET").last)
        #expect(last.request.parameter("maxMessageSizeBytes") == nil)
    }

    @Test func `is passed over by a host that does not leave it out, one step further each time`() {
        var poison = PoisonMessage(after: 100)
        var detours: [ResumePoint.Cursor?] = []
        for _ in 0..<5 {
            poison.meet(after: 100)
            detours.append(poison.detour(on: .jetstream2))
        }
        #expect(detours == [nil, .position(101), .position(102), .position(104), .position(108)])
        poison.meet(after: 107)
        #expect(poison.detour(on: .jetstream2) == nil, "another one, which is asked about first")
        for _ in 0..<100 { poison.meet(after: 107) }
        #expect(poison.detour(on: .jetstream1) != nil)
        var first = PoisonMessage(after: 0)
        for _ in 0..<2 { first.meet(after: 0) }
        #expect(first.detour(on: .jetstream2) == .live)
    }

    @Test func `does not stop a relay when there are several, and what was passed over with them is in the gap`()
        async throws
    {
        let sandbox = try await FollowedSandbox()
        var configuration = try sandbox.configuration(sandbox.network.streamURL(.relay))
        configuration.maximumMessage = 20_000
        try await sandbox.following(configuration) { _ in
            await sandbox.take([try sandbox.write(0)])
            for number in 1..<6 { try sandbox.write(number, padding: 30_000) }
            for number in 6..<20 { try sandbox.write(number) }
            let end = sandbox.network.clock.now().microseconds
            await sandbox.take([try sandbox.write(20)])
            let gap = try #require(sandbox.positions.gaps.last)
            #expect(gap.reason == .messageTooLarge && gap.until >= end)
        }
    }
}
