import ATProtocol
import Glibc
import Network
import Sandbox
import Testing

/// What `rules try` foretells of records in many shapes is what the daemon does with them.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `What rules foretell` {
    /// What becomes of one request: who is told, and why others are not.
    private struct End: Equatable, CustomStringConvertible {
        var told: Set<String> = []
        var reasons: Set<String> = []

        var description: String { "told \(told.sorted()), reasons \(reasons.sorted())" }
    }

    private static let notes = "org.example.notes"

    /// Issues by an index, comments on them, and whatever refers from a namespace to several projects.
    private static func rules(_ network: SandboxNetwork) -> String {
        let index = LocalDaemon.repositoryRules(network)
        return """
            \(index)
              - name: comments
                collections: [sh.tangled.feed.comment]
                reference_paths: [subject]
                hops: [{through: [\(LocalDaemon.repositoryIssues)], reference_paths: [repo], accepts: [did]}]
                project_collections: [sh.tangled.repo]
                owner_from: index
                index: *index
                message: "{{author.name}} commented in {{project.name}}: {{record.body}}"
              - name: notes
                collections: [\(notes).*]
                when: [{field: isDraft, exists: false}]
                reference_paths: ["subjects[*].uri"]
                accepts: [at-uri]
                maximum_projects: 2
                project_collections: [\(LocalDaemon.projectCollection)]
                group_collections: [org.example.group.*]
                message: "{{author.name}} noted something about {{project.name}}."
            """
    }

    /// A network with repositories that have DIDs of their own, and the daemon with the rules above.
    private struct Ground {
        let stage: Stage

        init(wire: SandboxWire = .jetstream2) async throws {
            let patience = ["lookup.index_patience": "1s", "lookup.identity_patience": "1s"]
            stage = try await Stage(owners: 3, wire: wire, overrides: patience, rules: rules)
        }

        /// An issue about a repository, written by whoever.
        func issue(_ title: String, about repository: DID, by author: SandboxAccount? = nil) throws -> String {
            try stage.network.createRecord(
                by: author ?? stage.author,
                collection: LocalDaemon.repositoryIssues,
                record: ["title": .string(title), "repo": .string(repository.text)]
            ).text
        }

        func note(_ kind: String, _ owners: [Int], isDraft: JSONValue = .null) throws -> String {
            let subjects = owners.map { JSONValue.object(["uri": .string(stage.project(of: $0)), "cid": "bafyreia"]) }
            return try stage.network.createRecord(
                by: stage.author,
                collection: "\(notes).\(kind)",
                record: ["subjects": .array(subjects), "isDraft": isDraft]
            ).text
        }

        /// What the command says of a record.
        func foretold(_ uri: String) async throws -> End {
            let command = try stage.daemon.start(arguments: ["rules", "try", uri])
            let ending = await command.ended(within: .seconds(20))
            var end = End()
            for line in command.output {
                if let words = line.firstRange(of: "would send to ") {
                    end.told.insert(String(line[words.upperBound...].prefix { $0 != " " }))
                } else if line.hasPrefix("would not send about ") {
                    end.reasons.insert(String(line.split(separator: " (rule ").last?.split(separator: ": ")[1] ?? ""))
                }
            }
            #expect(ending == .exited(end.told.isEmpty ? 1 : 0), tail(command))
            return end
        }

        /// What the daemon did with a request, once its log says so of as many as expected.
        func found(_ uri: String, _ process: ChildProcess, expecting count: Int) async throws -> End {
            var ends = 0
            for await line in process.lines() where line.contains(uri) {
                if line.contains("message delivered") || line.contains("job dropped") { ends += 1 }
                if ends == count { break }
            }
            let command = try stage.daemon.start(arguments: ["explain", uri, "--json"])
            #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
            let story = try JSONValue(parsing: command.output.last ?? "")
            var end = End()
            for job in story["jobs"]?.array ?? [] {
                if job["state"] == "delivered" { end.told.insert(job["owner"]?.string ?? "") }
                if job["state"] == "dropped" { end.reasons.insert(job["reason"]?.string ?? "") }
            }
            for attempt in story["attempts"]?.array ?? [] where ["skip", "drop"].contains(attempt["outcome"]) {
                end.reasons.insert(attempt["reason"]?.string ?? "")
            }
            return end
        }
    }

    @Test(arguments: [SandboxWire.jetstream2, .jetstream1, .relay])
    func `is what the daemon does, on every wire`(wire: SandboxWire) async throws {
        let ground = try await Ground(wire: wire)
        let (stage, network) = (ground.stage, ground.stage.network)
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        func told(_ owners: Int...) -> End { End(told: Set(owners.map { stage.owners[$0].did.text })) }
        func refused(_ reason: String) -> End { End(reasons: [reason]) }

        let honest = try network.createRepositoryIdentity()
        try network.claim(honest, by: stage.owners[0], name: "Engine", key: "honest")
        let older = try network.createRepositoryIdentity(isOlder: true)
        try network.claim(older, by: stage.owners[1], name: "Loom", key: "older")
        let withdrawn = try network.createRepositoryIdentity()
        try network.claim(withdrawn, by: stage.owners[2], name: "Withdrawn", key: "withdrawn")
        try network.createRecord(
            by: stage.owners[2],
            collection: "sh.tangled.repo",
            record: ["name": "Withdrawn"],
            key: "withdrawn"
        )
        let deleted = try network.createRepositoryIdentity()
        try network.claim(deleted, by: stage.owners[2], name: "Deleted", key: "deleted")
        try network.deleteRecord(by: stage.owners[2], collection: "sh.tangled.repo", key: "deleted")
        try network.createRecord(by: stage.owners[2], collection: "org.example.group.member", record: ["n": 1])

        let issue = try ground.issue("Honest", about: honest)
        let comment = try network.createRecord(
            by: stage.owners[1],
            collection: "sh.tangled.feed.comment",
            record: ["subject": ["uri": .string(issue), "cid": "bafyreia"], "body": "Indeed"]
        ).text
        let expected = [
            (issue, told(0)), (comment, told(0)), (try ground.issue("Older", about: older), told(1)),
            (try ground.issue("Own", about: honest, by: stage.owners[0]), refused("author-is-owner")),
            (try ground.issue("Withdrawn", about: withdrawn), refused("owner-unconfirmed")),
            (try ground.issue("Deleted", about: deleted), refused("index-unknown")),
            (try ground.issue("Nobody's", about: try network.createRepositoryIdentity()), refused("index-unknown")),
            (try ground.note("first", [0, 1, 0]), told(0, 1)),
            (try ground.note("second", [2]), refused("owner-is-no-person")),
            (try ground.note("third", [1, 2]), End(told: told(1).told, reasons: ["owner-is-no-person"])),

            (
                try ground.note("fourth", [0, 1, 2]), End(told: told(0, 1).told, reasons: ["projects-above-limit"])
            ),
        ]
        _ = try ground.note("fifth", [0], isDraft: true)
        for (uri, end) in expected {
            #expect(try await ground.foretold(uri) == end, "\(uri)")
            let count = max(1, end.told.count)
            #expect(try await ground.found(uri, process, expecting: count) == end, "\(uri)")
        }
        #expect(network.chat.messages.count == expected.reduce(0) { $0 + $1.1.told.count }, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `holds when the index lies or is ill, and nobody wrong is told`() async throws {
        let ground = try await Ground()
        let (stage, network) = (ground.stage, ground.stage.network)
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let liar = try network.createAccount(handle: "liar.test")
        let foreign = try network.createRepositoryIdentity()
        let others = try network.claim(foreign, by: liar, name: "Other", key: "other").text
        let hidden = try network.createAccount(handle: "hidden.test")
        network.setPDS("https://10.1.2.3", of: hidden)
        let inside = "at://\(hidden.did)/sh.tangled.repo/inside"
        let nowhere = "at://\(liar.did)/sh.tangled.repo/nowhere"
        let lies: [(name: String, fault: Fault, reasons: Set<String>)] = [
            ("somebody's other project", .indexClaims([others]), ["owner-unconfirmed"]),
            ("a record that is gone", .indexClaims([nowhere]), ["owner-unconfirmed"]),
            ("another repository's record", .indexConfuses, ["owner-unconfirmed"]),
            ("what is no record", .indexClaims(["did:plc:nothing"]), ["index-unavailable"]),
            ("a server in an inner network", .indexClaims([inside]), ["host-refused"]),
            ("nothing", .indexLags, ["index-unknown"]), ("a page", .htmlPage, ["index-unavailable"]),
            ("ten megabytes", .padded, ["index-unavailable", "host-paused"]),
            ("another place", .redirect(to: "http://127.0.0.1:1/"), ["index-unavailable", "host-paused"]),
            ("an error", .respond(HTTPResponse(status: 500)), ["index-unavailable", "host-paused"]),
        ]
        for (number, (name, fault, reasons)) in lies.enumerated() {
            let repository = try network.createRepositoryIdentity()
            try network.claim(repository, by: stage.owners[0], name: "Engine", key: "engine-\(number)")
            network.faults.clear()
            network.faults.add(fault, on: "getRepoByRepoDid", count: 1_000_000)
            let uri = try ground.issue(name, about: repository)
            let (foretold, found) = (try await ground.foretold(uri), try await ground.found(uri, process, expecting: 1))
            #expect(foretold.told.isEmpty && foretold.reasons.isSubset(of: reasons), "\(name): \(foretold)")
            #expect(found.told.isEmpty && found.reasons.isSubset(of: reasons), "\(name): \(found)")
        }
        #expect(network.chat.messages.isEmpty)
        #expect(network.journal.entries(matching: "getConvoForMembers?").isEmpty)
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
