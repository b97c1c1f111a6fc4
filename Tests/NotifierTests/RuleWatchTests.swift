import ATProtocol
import Logging
import TestSupport
import Testing

@testable import Notifier

/// An application that writes its records in another way than before is noticed.
@Suite(.timeLimit(.minutes(2))) struct `The watch over rules` {
    private func world(_ recorder: LogRecorder) throws -> World {
        var world = try World()
        world.logger = recorder.logger
        return world
    }

    @Test func `says which rule refuses most of what it matches, with the shape of a record and what was expected`()
        async throws
    {
        let recorder = LogRecorder()
        var world = try world(recorder)
        var rule = RuleText(
            name: "issues",
            collections: ["com.example.change.request"],
            references: .init(["target.repo", "repo"]),
            message: "{{record.title}}"
        )
        rule.projectCollections = ["com.example.project"]
        world.configuration.rules = [try Rule(rule)]
        let events = try (1...4).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.dropped] == 4 }
        world.clock.advance(86_401)
        let message = "a rule refuses most of what it matches"
        try await world.run([]) { _ in recorder.count(message) > 0 }
        let line = try #require(recorder.metadata(of: message).last)
        #expect(line["refused"] == "reference-missing:4" && line["matched"] == "4" && line["told"] == "0")
        #expect(line["expected"] == "target.repo,repo (at-uri,strong-ref)")
        #expect(line["shape"] == "{$type: text, subject: {cid: text, uri: an AT-URI}, title: text}")
        #expect(!recorder.text.contains("Please mend the door"))
        // A rule that was mended is not complained of.
        rule.references.paths.append("subject")
        world.configuration.rules = [try Rule(rule)]
        let (said, weeks) = (recorder.count(message), recorder.count("a rule's last seven days"))
        try await world.run([]) { _ in recorder.count("a rule's last seven days") > weeks }
        #expect(recorder.count(message) == said)
    }

    @Test func `says which rule matches nothing any more, however long ago it did`() async throws {
        let recorder = LogRecorder()
        var world = try world(recorder)
        world.configuration.sending.retention = .seconds(10 * 86_400)
        try await world.run([World.batch([try World.event(1, at: world.clock)])]) { $0[.delivered] == 1 }
        let message = "a rule matches nothing any more"
        world.clock.advance(.seconds(13 * 86_400))
        try await world.run([]) { _ in recorder.count("a rule's last seven days") > 1 }
        #expect(recorder.count(message) == 0)
        for days in [3, 100] {
            world.clock.advance(.seconds(days * 86_400))
            let count = recorder.count(message)
            try await world.run([]) { _ in recorder.count(message) > count }
        }
        let line = try #require(recorder.metadata(of: message).last)
        #expect(line["rule"] == "issues" && line["days"] == "116")
        // What comes again is old by its key, and a match all the same.
        try await world.run([World.batch([try World.event(2, at: world.clock)])]) { $0[.dropped] == 1 }
        let count = recorder.count(message)
        let weeks = recorder.count("a rule's last seven days")
        try await world.run([]) { _ in recorder.count("a rule's last seven days") > weeks }
        #expect(recorder.count(message) == count)
    }
}
