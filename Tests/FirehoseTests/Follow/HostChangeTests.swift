import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

/// What a host owes that is left, and what is read of one that is returned to.
@Suite(.timeLimit(.minutes(1))) struct `Changes of host` {
    @Test(arguments: SandboxWire.allCases)
    func `a host that is left may owe what it takes in later: that is a gap, whatever the other shows`(
        wire: SandboxWire
    ) async throws {
        let sandbox = try await FollowedSandbox(hosts: 2)
        let hosts = sandbox.network.streamHosts
        try await sandbox.following(sandbox.configuration(hosts[0].url(.jetstream2))) { _ in
            await sandbox.take([try sandbox.write(1)])
        }
        // The one lags, the other does not and is asked from a moment after.
        hosts[0].lag()
        let owed = sandbox.network.clock.now().microseconds
        try sandbox.write(2)
        hosts[1].forget(allBut: 0)
        var other = try sandbox.configuration(hosts[1].url(wire))
        other.hostChangeMargin = .seconds(1)
        try await sandbox.following(other) { _ in await sandbox.take([try sandbox.write(3)]) }
        let gap = try #require(sandbox.positions.gaps.first)
        #expect(gap.reason == .hostChanged && gap.from <= owed && gap.until >= owed)
        #expect(sandbox.positions.gaps.count == 1)
    }

    @Test(arguments: [SandboxWire.jetstream1, .jetstream2])
    func `a host that is returned to tells all that it has taken in since, late or not, and no gap is left`(
        wire: SandboxWire
    ) async throws {
        let sandbox = try await FollowedSandbox(hosts: 2)
        let hosts = sandbox.network.streamHosts
        let (first, second) = (hosts[0].url(wire), hosts[1].url(.jetstream2))
        try await sandbox.following(sandbox.configuration(first)) { _ in
            await sandbox.take([try sandbox.write(1)])
        }
        hosts[0].lag()
        let owed = try sandbox.write(2)
        hosts[1].forget(allBut: 0)
        try await sandbox.following(sandbox.configuration(second)) { _ in
            await sandbox.take([try sandbox.write(3)])
        }
        #expect(!sandbox.positions.created.contains(owed) && sandbox.positions.gaps.count == 1)
        hosts[0].catchUp()
        try await sandbox.following(sandbox.configuration(first)) { _ in await sandbox.take([owed]) }
        #expect(sandbox.positions.gaps.count == 1)
    }

    @Test func `a relay whose address moved to higher numbers goes on with the present, and declares the rest`()
        async throws
    {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        let configuration = try sandbox.configuration(host.url(.relay))
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(1)]) }
        // Everything that the new relay keeps was written before.
        let old = try (2..<40).map { try sandbox.write($0) }
        host.renumber(from: 90_000_000)
        try await sandbox.following(configuration, subscriptions: 2) { _ in await sandbox.take([try sandbox.write(41)])
        }
        let gap = try #require(sandbox.positions.gaps.first)
        #expect(gap.reason == .overlapMissing && sandbox.positions.gaps.count == 1)
        #expect(sandbox.positions.created.filter(old.contains).count <= 1, "only what had come when it was noticed")
        #expect(gap.from < gap.until)
    }
}
