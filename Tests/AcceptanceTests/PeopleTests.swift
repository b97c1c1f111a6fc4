import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// Who is told by the daemon beside the owner, over a kill, and who is not, whoever lies.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The people of a repository` {
    private static let issues = LocalDaemon.repositoryIssues
    private static let grants = "sh.tangled.repo.collaborator"
    private static let subscriptions = "sh.tangled.feed.subscription"

    private static func rules(_ network: SandboxNetwork) -> String {
        LocalDaemon.repositoryRules(network) + "\n" + """
                tell: &tell [owner, collaborators, subscribers]
                collaborators: &collaborators
                  query: \(network.indexURL.origin)/xrpc/sh.tangled.repo.listCollaborators?subject={{reference}}
                  people: items[*].subject
                  granted_by: [\(grants)]
                  reference_paths: [repo]
                  accepts: [did]
                subscribers: &subscribers
                  collections: [\(subscriptions)]
                  reference_paths: [subject]
                  accepts: [union]
                  only: collections
              - name: comments
                collections: [sh.tangled.feed.comment]
                reference_paths: [subject]
                hops: [{through: [\(issues)], reference_paths: [repo], accepts: [did]}]
                project_collections: [sh.tangled.repo]
                owner_from: index
                index: *index
                tell: *tell
                collaborators: *collaborators
                subscribers: *subscribers
                message: "{{author.name}} commented in {{project.name}}: “{{record.body | truncate: 80}}”"
            """
    }

    @Test func `are told once each, and of comments in the same thread, and no victim of a liar is`() async throws {
        let stage = try await Stage(owners: 5, overrides: ["log.level": "debug"], rules: Self.rules)
        let network = stage.network
        let (owner, collaborator, subscriber) = (stage.owners[0], stage.owners[1], stage.owners[2])
        let (named, forged) = (stage.owners[3], stage.owners[4])
        let repository = try network.createRepositoryIdentity()
        try network.claim(repository, by: owner, name: "Engine", key: "engine")
        // The index believes whoever says so, and the stream tells what nobody wrote.
        for (grantor, person) in [(owner, collaborator), (stage.author, named), (stage.author, stage.author)] {
            try network.createRecord(
                by: grantor,
                collection: Self.grants,
                record: ["subject": .string(person.did.text), "repo": .string(repository.text)]
            )
        }
        let wish: JSONValue = [
            "subject": ["$type": "sh.tangled.feed.subscription#repo", "did": .string(repository.text)]
        ]
        try network.createRecord(by: subscriber, collection: Self.subscriptions, record: wish)
        var process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let read = await process.line(within: .seconds(30)) {
            $0.contains("subscriptions read") && $0.contains(subscriber.did.text)
        }
        try #require(read != nil, tail(process))
        try network.forgeRecord(by: forged, collection: Self.subscriptions, record: wish)
        let refused = await process.line(within: .seconds(30)) { $0.contains("subscription-unconfirmed") }
        #expect(refused?.contains(forged.did.text) == true, tail(process))

        let issue = try network.createRecord(
            by: stage.author,
            collection: Self.issues,
            record: ["title": "It creaks", "repo": .string(repository.text)]
        ).text
        #expect(await stage.messages(reaching: 3, within: .seconds(30), unless: process) == 3, tail(process))
        let people = [owner.did, collaborator.did, subscriber.did]
        #expect(Set(network.chat.messages.map(\.recipient)) == Set(people))
        try await stage.kill(process)
        process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try network.createRecord(
            by: stage.author,
            collection: "sh.tangled.feed.comment",
            record: ["subject": ["uri": .string(issue), "cid": "bafyreia"], "body": "Still"]
        )
        #expect(await stage.messages(reaching: 6, within: .seconds(30), unless: process) == 6, tail(process))
        for person in people {
            let messages = network.chat.messages.filter { $0.recipient == person }
            #expect(messages.map(\.replyTo) == [nil, messages.first?.id], "\(person)")
        }
        let command = try stage.daemon.start(arguments: ["explain", issue, "--json"])
        #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
        let story = try JSONValue(parsing: command.output.last ?? "")
        let roles = Set((story["jobs"]?.array ?? []).compactMap { $0["role"]?.string })
        #expect(roles == ["owner", "collaborator", "subscriber"])
        let reasons = (story["attempts"]?.array ?? []).compactMap { $0["reason"]?.string }
        #expect(reasons.contains("collaborator-unconfirmed"))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        #expect(network.chat.messages.count == 6)
    }

    @Test func `are told once each while calls fail and the daemon is killed`() async throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let patient = ["lookup.project_patience": "5m", "log.level": "debug"]
        let stage = try await Stage(
            owners: 8,
            overrides: Stage.hurried.merging(patient) { $1 },
            rules: Self.rules
        )
        let network = stage.network
        let repository = try network.createRepositoryIdentity()
        try network.claim(repository, by: stage.owners[0], name: "Engine", key: "engine")
        for person in stage.owners[1..<5] {
            try network.createRecord(
                by: stage.owners[0],
                collection: Self.grants,
                record: ["subject": .string(person.did.text), "repo": .string(repository.text)]
            )
        }
        let subject: JSONValue = ["$type": "sh.tangled.feed.subscription#repo", "did": .string(repository.text)]
        let subscribers = stage.owners[5..<8]
        for person in subscribers {
            try network.createRecord(by: person, collection: Self.subscriptions, record: ["subject": subject])
        }
        var process = try stage.daemon.run()
        // They are told of what is written once they are known.
        for person in subscribers {
            let line = await process.line(within: .seconds(60)) {
                $0.contains("subscriptions read") && $0.contains(person.did.text)
            }
            try #require(line != nil, tail(process))
        }
        let calls: [Fault] = [.dropBefore, .dropAfter, .truncated, .upstreamFailure, .upstreamFailureAfter, .html404]
        for (index, pattern) in ["sendMessage", "getConvoForMembers", "getMessages", "Record"].enumerated() {
            network.faults.campaign(calls, on: pattern, share: index == 0 ? 0.1 : 0.2, seed: seed &+ UInt64(index))
        }
        let requests = 30
        for number in 0..<requests {
            try network.createRecord(
                by: stage.author,
                collection: Self.issues,
                record: ["title": .string("Request \(number)."), "repo": .string(repository.text)]
            )
        }
        for kill in 1...4 {
            _ = await stage.messages(reaching: requests * kill, within: .seconds(60), unless: process)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...500, using: &generator)))
            #expect(process.ending == nil, tail(process))
            try await stage.kill(process)
            process = try stage.daemon.run()
        }
        let all = requests * stage.owners.count
        #expect(await stage.messages(reaching: all, within: .seconds(120), unless: process) == all, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        #expect(stage.countsByRequest() == Dictionary(uniqueKeysWithValues: (0..<requests).map { ($0, 8) }))
        for person in stage.owners {
            let messages = network.chat.messages.filter { $0.recipient == person.did }
            #expect(Set(messages.map(\.text)).count == requests && messages.count == requests, "\(person.handle)")
        }
    }
}
