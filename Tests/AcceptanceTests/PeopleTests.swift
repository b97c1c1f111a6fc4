import ATProtocol
import Glibc
import Network
import Sandbox
import Testing

/// Who is told by the daemon beside the owner, over a kill, and who is not, whoever lies.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The people of a repository` {
    private static let issues = LocalDaemon.repositoryIssues
    private static let grants = "sh.tangled.repo.collaborator"
    private static let subscriptions = "sh.tangled.feed.subscription"

    private static func rules(_ network: SandboxNetwork) -> String {
        """
          - name: issues
            collections: [\(issues)]
            reference_paths: [repo]
            accepts: [did]
            project_collections: [sh.tangled.repo]
            owner_from: index
            index: &index
              query: \(network.indexURL.origin)/xrpc/sh.tangled.repo.getRepoByRepoDid?repoDid={{reference}}
              record: uri
              confirmed_by: repoDid
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
            message: "{{author.name}} wrote to {{project.name}}: “{{record.title | truncate: 80}}”"
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
        process.signal(SIGKILL)
        _ = await process.ended(within: .seconds(20))
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
}
