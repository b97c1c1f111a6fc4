import ATProtocol
import Glibc
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The command sweep` {
    /// A network on which nothing was written yet, and a ledger in which nothing stands.
    private func stage(wanting collections: String = LocalDaemon.collection) async throws -> Stage {
        let rules = LocalDaemon.exampleRules.replacing("[\(LocalDaemon.collection)]", with: "[\(collections)]")
        let stage = try await Stage(isLoggedIn: false) { _ in rules }
        unsafe mkdir(stage.daemon.statePath, 0o700)
        return stage
    }

    private func run(_ arguments: String..., on stage: Stage) async throws -> (
        ending: ChildProcess.Ending, lines: [String]
    ) {
        let command = try stage.daemon.start("sweep", ["--since", "1h"] + arguments)
        return (await command.ended(within: .seconds(60)), command.output)
    }

    @Test func `ends with 0 when all have answered, and leaves what it found to the daemon`() async throws {
        let stage = try await stage()
        let uri = try stage.ask("Missed")
        let dry = try await run("--dry-run", on: stage)
        #expect(dry.ending == .exited(0), "\(dry.lines)")
        #expect(dry.lines.contains("unknown: \(uri)"), "\(dry.lines)")
        #expect(!dry.lines.contains { $0.hasPrefix("handed to the daemon") }, "\(dry.lines)")
        let real = try await run(on: stage)
        #expect(real.ending == .exited(0), "\(real.lines)")
        #expect(
            real.lines.contains("1 of 1 authors asked; 1 unknown, 0 known already, 0 changed or gone"),
            "\(real.lines)"
        )
        #expect(real.lines.contains { $0.hasPrefix("handed to the daemon") }, "\(real.lines)")
    }

    @Test func `passes over what no rule waits for, for the daemon would, too`() async throws {
        let rules = LocalDaemon.exampleRules + "\n    when: [{field: isDraft, exists: false}]"
        let stage = try await Stage(isLoggedIn: false) { _ in rules }
        unsafe mkdir(stage.daemon.statePath, 0o700)
        let wanted = try stage.ask("Missed")
        try stage.network.createRecord(
            by: stage.author,
            collection: LocalDaemon.collection,
            record: ["title": "Draft", "isDraft": true, "subject": .string(stage.project(of: 0))]
        )
        let (ending, lines) = try await run("--dry-run", "--json", on: stage)
        #expect(ending == .exited(0), "\(lines)")
        let objects = try lines.map { try JSONValue(parsing: $0) }
        #expect(objects.compactMap { $0["uri"]?.string } == [wanted], "\(lines)")
        #expect(objects.last?["unknown"] == 1 && objects.last?["asked"] == 1, "\(lines)")
    }

    @Test(arguments: [
        // An empty list is no answer.
        (LocalDaemon.collection, "no directory names anybody who writes to it"),
        ("org.example.never.*", "org.example.never.* was not looked for: no collection of it was seen yet"),
    ])
    func `ends with 69 when there is nobody to ask`(collections: String, words: String) async throws {
        let stage = try await stage(wanting: collections)
        let (ending, lines) = try await run(on: stage)
        #expect(ending == .exited(69), "\(lines)")
        #expect(lines.contains { $0.contains(words) }, "\(lines)")
        #expect(lines.contains("0 of 0 authors asked; 0 unknown, 0 known already, 0 changed or gone"), "\(lines)")
    }

    @Test func `ends with 69 when no directory answers`() async throws {
        let stage = try await stage()
        try stage.ask("Missed")
        stage.network.faults.add(.htmlPage, on: "listReposByCollection")
        let (ending, lines) = try await run(on: stage)
        #expect(ending == .exited(69), "\(lines)")
        #expect(lines.contains { $0.hasPrefix("not asked: \(LocalDaemon.collection): ") }, "\(lines)")
    }

    @Test func `ends with 75 when somebody does not answer, and names them`() async throws {
        let stage = try await stage()
        try stage.ask("Missed")
        let silent = stage.owners[0]
        try stage.network.createRecord(
            by: silent,
            collection: LocalDaemon.collection,
            record: ["title": "Unheard", "subject": .string(stage.project(of: 0))]
        )
        // The first of the two who is asked; which one that is hangs on their names.
        stage.network.faults.add(.plainText, on: "listRecords")
        let (ending, lines) = try await run(on: stage)
        #expect(ending == .exited(75), "\(lines)")
        #expect(lines.contains { $0.hasPrefix("1 of 2 authors asked; 1 unknown") }, "\(lines)")
        let names = [silent, stage.author].map { "not asked: \($0.did): " }
        #expect(lines.contains { line in names.contains { line.hasPrefix($0) } }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("handed to the daemon") }, "\(lines)")
    }
}
