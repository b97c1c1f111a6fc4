import ATProtocol
import Network
import Sandbox
import Testing

/// Guards invariant 8: bad data from outside is counted, kept, explained, never fatal.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `Bad input from strangers` {
    @Test func `a record with a useless reference is passed over, and the next one is served`() async throws {
        let stage = try await Stage()
        let project = stage.project(of: 0)
        let subjects: [(String, JSONValue?)] = [
            ("missing", nil), ("number", 7), ("null", .null), ("empty", ""), ("text", "not a reference"),
            ("another scheme", "https://example.org/"),
            ("unknown method", "at://did:foo:bar/org.example.project/engine"),
            ("handle nobody has", "at://nobody.test/org.example.project/engine"),
            ("8 KB", .string("at://did:web:" + String(repeating: "a", count: 8300))),
            ("another collection", .string(project.replacing("org.example.project", with: "org.example.other"))),
            ("list", [.string(project)]), ("deep", .array(Array(repeating: .array([]), count: 60))),
            ("an account that is not there", "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.example.project/engine"),
        ]
        let process = try stage.daemon.run()
        let host = stage.network.streamHosts[0]
        try #require(await holds(within: .seconds(20)) { host.subscriberCount > 0 }, tail(process))
        for (title, subject) in subjects { try stage.ask(title, subject: subject) }
        for number in 0..<3 { host.inflict(.text("{garbage \(number)")) }
        try stage.ask("good")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        _ = await stage.messages(reaching: 2, within: .seconds(1), unless: process)
        #expect(stage.network.chat.messages.count == 1)
        #expect(stage.count("good") == 1)
        #expect(process.output.contains { $0.contains("events put aside that cannot be read") }, tail(process))
        #expect(process.ending == nil, tail(process))
    }

    @Test func `an owner whose DID document is wrong is passed over with a reason, and the others are served`()
        async throws
    {
        let stage = try await Stage(owners: 5)
        func document(_ owner: Int, of subject: Int, pds: String?) -> JSONValue {
            PLCDirectory.document(of: stage.owners[subject].did, handle: stage.owners[owner].handle, pds: pds)
        }
        let pds = stage.network.pdsURL.origin
        stage.network.plc.setDocument(of: stage.owners[0].did, document(0, of: 4, pds: pds))
        stage.network.plc.setDocument(of: stage.owners[1].did, document(1, of: 1, pds: nil))
        stage.network.plc.setDocument(of: stage.owners[2].did, document(2, of: 2, pds: "https://10.1.2.3"))
        stage.network.plc.tombstone(stage.owners[3].did)
        let process = try stage.daemon.run()
        let asked = try (0..<4).map { try stage.ask("Owner \($0).", of: $0) }
        let good = try stage.ask("Owner 4.", of: 4)
        let delivered = await process.line(within: .seconds(20)) {
            $0.contains(good) && $0.contains("message delivered")
        }
        #expect(delivered != nil, tail(process))
        for (number, uri) in asked.enumerated() {
            let line = await process.line(within: .seconds(20)) { $0.contains(uri) && $0.contains("reason=") }
            #expect(line != nil, "no reason for owner \(number)\n\(tail(process))")
        }
        _ = await stage.messages(reaching: 2, within: .seconds(20), unless: process)
        // The PDS on a private address is not asked for the project's name; the message to its owner needs nothing of it.
        let recipients = Set(stage.network.chat.messages.map(\.recipient))
        #expect(recipients == [stage.owners[2].did, stage.owners[4].did], tail(process))
        #expect(process.ending == nil, tail(process))
    }
}
