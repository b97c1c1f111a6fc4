import ATProtocol
import Network
import TestSupport
import Testing

@testable import Notifier

/// Who works on a project: nobody whom neither the owner's repository nor their own confirms (invariant 6).
@Suite struct `A project's collaborators` {
    private static let other = World.did("other")
    private static let stranger = World.did("stranger")

    /// What the look-up says, with the index in the rule or without.
    private func find(
        in network: PeopleNetwork,
        by author: DID = World.author,
        atMost limit: Int = 50,
        _ change: (inout RuleText.Collaborators) -> Void = { _ in }
    ) async throws -> OwnerLookup.Collaborators {
        let rule = try PeopleNetwork.rule([.owner, .collaborator]) { text in
            if var collaborators = text.collaborators {
                change(&collaborators)
                text.collaborators = collaborators
            }
        }
        let clock = network.clock
        let lookup = OwnerLookup(
            configuration: LookupConfiguration(),
            identities: FixedIdentities(),
            strangers: GuardedClient(configuration: LookupConfiguration(), http: network.client(), clock: clock),
            confirmations: PassingConfirmations(),
            wallClock: clock
        )
        let request = ATURI(author, NSID(known: "com.example.change.request"), try RecordKey("r"))
        let reference = try #require(ProjectReference(PeopleNetwork.project))
        let finding = try #require(await lookup.find([reference], of: request, rule: rule, isFresh: false).first)
        #expect(finding.owner == World.owner && finding.names == [reference])
        let source = try #require(rule.collaborators)
        return await lookup.collaborators(of: finding, by: author, source, atMost: limit)
    }

    private func asksIndex(_ text: inout RuleText.Collaborators) {
        text.query = "https://index.example.com/collaborators?project={{reference}}"
        text.people = "items[*].subject"
    }

    private func accepts(_ text: inout RuleText.Collaborators) {
        asksIndex(&text)
        text.acceptances = ["com.example.acceptance"]
    }

    private static func items(_ people: DID...) -> (status: Int, body: JSONValue) {
        (200, ["items": .array(people.map { ["subject": .string($0.text)] })])
    }

    @Test func `are those whom the owner's own records name, each by the record that does`() async throws {
        let network = PeopleNetwork()
        let record = network.grant(PeopleNetwork.collaborator)
        network.grant(Self.other, of: "at://\(World.owner)/com.example.project/p2")
        network.put(["project": .string(PeopleNetwork.project)], by: World.owner, in: "com.example.collaborator")
        let found = try await find(in: network)
        #expect(found.found.map(\.did) == [PeopleNetwork.collaborator])
        #expect(found.found.map(\.record.text) == [record])
        #expect(found.refused.isEmpty && found.failure == nil)
    }

    @Test func `are told in a dry run as by the daemon: the bot is none of them`() async throws {
        let network = PeopleNetwork()
        for person in [World.sender, PeopleNetwork.collaborator] { network.grant(person) }
        var configuration = try World.configuration()
        configuration.rules = [try PeopleNetwork.rule([.owner, .collaborator])]
        var dryRun = DryRun(
            configuration: configuration,
            sender: World.sender,
            network: (FixedIdentities(), network.client())
        )
        let outcomes = await dryRun.take(try World.event(1, at: network.clock))
        let told = outcomes.compactMap { outcome -> DID? in
            guard case .message(let did, _) = outcome.end else { return nil }
            return did
        }
        #expect(told == [World.owner, PeopleNetwork.collaborator] && outcomes.count == 2)
    }

    @Test func `are nobody whom the index alone names, and nobody whom only a stranger's record names`() async throws {
        let network = PeopleNetwork()
        network.grant(Self.other, by: Self.stranger)
        network.grant(World.author, by: World.author)
        network.change { $0.index = Self.items(Self.other, World.author, World.owner) }
        let found = try await find(in: network) { self.asksIndex(&$0) }
        #expect(found.found.isEmpty)
        #expect(found.refused.map(\.reason) == [.collaboratorUnconfirmed])
        #expect(found.refused.first?.detail.contains(Self.other.text) == true)
    }

    @Test func `are, where an index is asked, those of its answer whom the owner's records confirm`() async throws {
        let network = PeopleNetwork()
        network.grant(PeopleNetwork.collaborator)
        network.grant(Self.other)
        network.change { $0.index = Self.items(PeopleNetwork.collaborator, PeopleNetwork.collaborator) }
        let found = try await find(in: network) { self.asksIndex(&$0) }
        #expect(found.found.map(\.did) == [PeopleNetwork.collaborator])
    }

    @Test func `are those whom the index names and whose own records accept it, of this project alone`() async throws {
        let network = PeopleNetwork()
        let record = network.put(
            ["project": .string(PeopleNetwork.project)],
            by: PeopleNetwork.collaborator,
            in: "com.example.acceptance"
        )
        network.put(["project": "at://x.test/com.example.project/p1"], by: Self.other, in: "com.example.acceptance")
        network.put(["project": .string(PeopleNetwork.project)], by: Self.stranger, in: "com.example.acceptance")
        network.change { $0.index = Self.items(PeopleNetwork.collaborator, Self.other) }
        let found = try await find(in: network) { self.accepts(&$0) }
        #expect(found.found.map(\.record.text) == [record])
        #expect(found.refused.map(\.reason) == [.collaboratorUnconfirmed])
    }

    @Test func `are nobody by the word of the request's author alone, though the project is theirs`() async throws {
        let network = PeopleNetwork()
        network.grant(PeopleNetwork.collaborator)
        let alone = try await find(in: network, by: World.owner)
        #expect(alone.found.isEmpty && alone.refused.map(\.reason) == [.collaboratorUnconfirmed])
        #expect(alone.refused.first?.detail.contains("author") == true)
        network.put(
            ["project": .string(PeopleNetwork.project)],
            by: PeopleNetwork.collaborator,
            in: "com.example.acceptance"
        )
        network.change { $0.index = Self.items(PeopleNetwork.collaborator) }
        let accepted = try await find(in: network, by: World.owner) { self.accepts(&$0) }
        #expect(accepted.found.map(\.did) == [PeopleNetwork.collaborator])
    }

    @Test func `are no more than the rule takes, and the rest is said`() async throws {
        let network = PeopleNetwork()
        for letter in "abcdef" { network.grant(World.did("person\(letter)")) }
        let found = try await find(in: network, atMost: 4)
        #expect(found.found.count == 4 && found.refused.map(\.reason) == [.peopleAboveLimit])
    }

    @Test func `are not called unconfirmed whose record may be among those that are not read`() async throws {
        let network = PeopleNetwork()
        network.grant(PeopleNetwork.collaborator)
        network.change {
            $0.isEndless = true
            $0.index = Self.items(PeopleNetwork.collaborator, Self.other)
        }
        let found = try await find(in: network) { self.asksIndex(&$0) }
        #expect(found.found.map(\.did) == [PeopleNetwork.collaborator] && found.failure == nil)
        #expect(found.refused.map(\.reason) == [.peopleAboveLimit])
    }

    @Test func `are known as far as they are while the index is ill, and the failure is said`() async throws {
        for status in [500, 429, 302] {
            let network = PeopleNetwork()
            network.grant(PeopleNetwork.collaborator)
            network.change { $0.index = (status, [:]) }
            let found = try await find(in: network) { self.asksIndex(&$0) }
            #expect(found.failure?.verdict.reason == .indexUnavailable, "\(status)")
            #expect(found.found.map(\.did) == [PeopleNetwork.collaborator], "\(status)")
        }
        let unknown = PeopleNetwork()
        unknown.grant(PeopleNetwork.collaborator)
        unknown.change { $0.index = (404, ["error": "RepoNotFound"]) }
        let found = try await find(in: unknown) { self.asksIndex(&$0) }
        #expect(found.found.isEmpty && found.failure == nil)
        unknown.change { $0.index = (200, ["items": [["subject": "somebody"]]]) }
        #expect(try await find(in: unknown) { self.asksIndex(&$0) }.failure?.verdict.reason == .indexUnavailable)
    }

    @Test func `are not refused while a server that could confirm them does not answer`() async throws {
        let network = PeopleNetwork()
        network.change {
            $0.index = Self.items(PeopleNetwork.collaborator)
            $0.ill = [PeopleNetwork.collaborator]
        }
        let found = try await find(in: network) { self.accepts(&$0) }
        #expect(found.found.isEmpty && found.refused.isEmpty && found.failure != nil)
    }
}
