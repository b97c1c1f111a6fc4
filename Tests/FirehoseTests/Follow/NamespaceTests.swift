import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `A namespace that is followed` {
    @Test(arguments: [SandboxWire.jetstream2, .jetstream1, .relay])
    func `brings the records of its collections, and none of its neighbour's`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        var configuration = StreamConfiguration(
            hosts: [sandbox.network.streamHosts[0].url(wire)],
            collections: [
                try CollectionPattern("org.hypercerts.*"), try CollectionPattern("org.hypercerts.claim.right"),
            ],
            allowsLoopback: true
        )
        configuration.positionInterval = .milliseconds(50)
        try await sandbox.following(configuration) { _ in
            func write(_ collection: String) throws -> String {
                try sandbox.network.createRecord(by: sandbox.author, collection: collection, record: ["n": 1]).text
            }
            _ = try ["org.hypercertsx.claim", "org.hypercert.s", "com.org.hypercerts"].map(write)
            let wanted = try ["org.hypercerts.evaluation", "org.hypercerts.claim.right"].map(write)
            await sandbox.take(wanted)
            #expect(sandbox.positions.created == wanted && sandbox.positions.rejected.isEmpty)
        }
        let subscription = sandbox.network.journal.entries(matching: "stream GET").first
        let asked = subscription.map {
            $0.request.parameters("collections") + $0.request.parameters("wantedCollections")
        }
        #expect(asked == (wire == .relay ? [] : ["org.hypercerts.*"]), "what a namespace covers is not asked for twice")
    }
}
