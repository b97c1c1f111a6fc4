import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

/// Forty hours without a wanted record, by the network's time, on hosts that keep thirty-six.
@Suite(.timeLimit(.minutes(1))) struct `A quiet filter` {
    private static let silence = 40
    private static let window = Duration.seconds(36 * 3600)

    /// Lets an hour pass after the other, with an event of somebody in each if anything happens at all.
    private func pass(_ sandbox: FollowedSandbox, isNetworkAlive: Bool) async throws {
        let host = sandbox.network.streamHosts[0]
        for hour in 1...Self.silence {
            sandbox.network.clock.advance(by: .seconds(3600))
            host.forget(olderThan: Self.window)
            guard isNetworkAlive else { continue }
            let handle = try Handle("hour-\(hour).test")
            host.skipSequences(Int64(hour), before: sandbox.author.did, handle: handle)
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                positions.events.contains { $0.body == .identity(handle: handle) }
            }
        }
    }

    private func refusals(_ sandbox: FollowedSandbox) -> Int {
        sandbox.network.journal.entries(matching: "stream GET").count { $0.status == 400 }
    }

    @Test(arguments: SandboxWire.allCases)
    func `loses nothing over a restart, and its position is not too old`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        var configuration = try sandbox.configuration(sandbox.network.streamURL(wire))
        // Each event is handed over with its own read, so that nobody waits for the next.
        configuration.positionInterval = .zero
        try await sandbox.following(configuration) { _ in
            await sandbox.take([try sandbox.write(1)])
            try await pass(sandbox, isNetworkAlive: true)
        }
        let missed = try (2..<12).map { try sandbox.write($0) }
        sandbox.network.clock.advance(by: .seconds(3600))
        sandbox.network.streamHosts[0].forget(olderThan: Self.window)
        try await sandbox.following(configuration) { _ in
            await sandbox.take(missed + [try sandbox.write(12)])
            await sandbox.log.wait(for: "stream goes on where it stopped")
        }
        #expect(refusals(sandbox) == 0 && sandbox.positions.gaps.isEmpty)
    }

    @Test func `on a network without any event is too old, which shows what the tracers are for`() async throws {
        let sandbox = try await FollowedSandbox()
        let configuration = try sandbox.configuration(sandbox.network.streamURL(.jetstream2))
        try await sandbox.following(configuration) { _ in
            await sandbox.take([try sandbox.write(1)])
            try await pass(sandbox, isNetworkAlive: false)
        }
        let missed = try (2..<12).map { try sandbox.write($0) }
        sandbox.network.streamHosts[0].forget(olderThan: Self.window)
        try await sandbox.following(configuration) { _ in await sandbox.take(missed) }
        #expect(refusals(sandbox) == 1)
        #expect(sandbox.positions.gaps.map(\.reason).contains(.cursorTooOld))
    }
}
