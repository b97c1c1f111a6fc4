import ATProtocol
import Glibc
import Sandbox
import Testing

/// A request's newest version is what is told, also where the stream has not told of it.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `What a gap hides of requests that wait` {
    @Test func `is heeded: new words are told, and what is gone is not`() async throws {
        let stage = try await Stage(owners: 2)
        let (network, collection) = (stage.network, LocalDaemon.collection)
        try network.setAllowIncoming(.none, of: stage.owners[0])
        var process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let (reworded, withdrawn) = (try stage.ask("First words"), try stage.ask("Withdrawn"))
        for uri in [reworded, withdrawn] {
            let line = await process.line(within: .seconds(20)) { $0.contains("job waits") && $0.contains(uri) }
            try #require(line != nil, tail(process))
        }
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))

        try network.setAllowIncoming(.all, of: stage.owners[0])
        try network.createRecord(
            by: stage.author,
            collection: collection,
            record: ["title": "Second words", "subject": .string(stage.project(of: 0))],
            key: try #require(try ATURI(reworded).recordKey).text
        )
        let key = try #require(try ATURI(withdrawn).recordKey).text
        try network.deleteRecord(by: stage.author, collection: collection, key: key)
        network.streamHosts[0].forget(allBut: 0)

        process = try stage.daemon.run()
        // The gap is declared with the first message behind it.
        try stage.ask("After", of: 1)
        let line = await process.line(within: .seconds(60)) { $0.contains("job dropped") && $0.contains(withdrawn) }
        #expect(line?.contains("record-deleted") == true, tail(process))
        #expect(await stage.messages(reaching: 2, within: .seconds(60), unless: process) == 2, tail(process))
        #expect(stage.count("Second words") == 1 && stage.count("After") == 1, tail(process))
        let swept = await process.line(within: .seconds(20)) { $0.contains("gap swept") && $0.contains("changed=2") }
        #expect(swept != nil, tail(process))
    }
}
