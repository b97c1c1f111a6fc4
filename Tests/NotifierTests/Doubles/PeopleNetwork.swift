import ATProtocol
import Firehose
import LedgerStorage
import Network
internal import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Notifier

/// Accounts with records, a relay that lists who has which, and an index of collaborators; all lie or fail as they are told.
final class PeopleNetwork: Sendable {
    struct State {
        /// By AT-URI.
        var records: [String: JSONValue] = [:]
        /// What the index answers.
        var index: (status: Int, body: JSONValue) = (200, ["items": []])
        /// Whose servers are down.
        var ill: Set<DID> = []
        /// Who follows the sender.
        var followers: Set<DID> = []
        /// Whether the relay is down.
        var isRelayDown = false
        /// Whether the relay goes down behind its first page.
        var isRelayCut = false
        /// How often each record stands in a list.
        var copies = 1
        /// Whether there is a page of records behind each.
        var isEndless = false
    }

    static let project = "at://\(World.owner)/com.example.project/p1"
    static let collaborator = World.did("collaborator")
    static let subscriber = World.did("subscriber")

    let clock = ManualClock()
    private let state = Mutex(State())

    init() {
        change { $0.records[Self.project] = ["name": "Windmill"] }
    }

    func change(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }

    /// Puts a record into an account's repository; nil takes it out.
    @discardableResult
    func put(_ record: JSONValue?, by did: DID, in collection: String, key: String = "r") -> String {
        let uri = "at://\(did)/\(collection)/\(key)"
        change { $0.records[uri] = record }
        return uri
    }

    /// Lets the owner name a collaborator.
    @discardableResult
    func grant(_ person: DID, by owner: DID = World.owner, of project: String = project, key: String? = nil) -> String {
        let record: JSONValue = ["subject": .string(person.text), "project": .string(project)]
        return put(record, by: owner, in: "com.example.collaborator", key: key ?? String(person.text.suffix(24)))
    }

    /// Lets somebody subscribe to something.
    @discardableResult
    func subscribe(
        _ person: DID = subscriber,
        to subject: String = project,
        only collections: [String]? = nil,
        key: String = "s"
    ) -> String {
        let member = subject.hasPrefix("did:") ? "did" : "uri"
        var record: [String: JSONValue] = ["subject": ["$type": "com.example#subject", member: .string(subject)]]
        record["collections"] = collections.map { .array($0.map { .string($0) }) }
        return put(.object(record), by: person, in: "com.example.subscription", key: key)
    }

    /// A client of all of them.
    func client() -> ScriptedClient { ScriptedClient { self.answer($0) } }

    private func answer(_ request: HTTPRequest) -> Result<HTTPResponse, HTTPError> {
        let state = state.withLock { $0 }
        func item(_ name: String) -> String { request.url.value(of: name) ?? "" }
        let method = request.url.path.split(separator: ".").last.map(String.init) ?? ""
        if request.url.host == "index.example.com" { return .json(state.index.body, status: state.index.status) }
        let place = "at://\(item("repo"))/\(item("collection"))/"
        if let did = try? DID(item("repo")), state.ill.contains(did) { return .json([:], status: 500) }
        func typed(_ record: JSONValue) -> JSONValue {
            var members = record.object ?? [:]
            members["$type"] = members["$type"] ?? .string(item("collection"))
            return .object(members)
        }
        switch method {
        case "getRelationships":
            return .relationships(of: request.url.values(of: "others"), followers: state.followers)
        case "getFollowers": return .json(["followers": []])
        case "listReposByCollection":
            guard !state.isRelayDown, item("cursor").isEmpty else { return .json([:], status: 503) }
            let holders = state.records.keys.compactMap { try? ATURI($0) }
                .filter { $0.collection?.text == item("collection") }.compactMap(\.did)
            let list = Set(holders).sorted { $0.text < $1.text }.map { JSONValue.object(["did": .string($0.text)]) }
            return .json(state.isRelayCut ? ["repos": .array(list), "cursor": "more"] : ["repos": .array(list)])
        case "listRecords":
            let held = state.records.filter { $0.key.hasPrefix(place) }.sorted { $0.key < $1.key }
            let records = held.map { uri, record -> JSONValue in
                ["uri": .string(uri), "cid": .string("c " + record.encodedText), "value": typed(record)]
            }
            let page = JSONValue.array(Array(repeatElement(records, count: state.copies).joined()))
            return .json(state.isEndless ? ["records": page, "cursor": "more"] : ["records": page])
        case "getRepoStatus": return .json(["active": true])
        default:
            let uri = place + item("rkey")
            guard let record = state.records[uri] else { return .json(["error": "RecordNotFound"], status: 400) }
            return .json(["uri": .string(uri), "value": typed(record)])
        }
    }

    // MARK: rules

    /// A rule that tells these.
    static func rule(_ roles: Set<RecipientRole>, _ change: (inout RuleText) -> Void = { _ in }) throws -> Rule {
        var text = RuleSamples.text(["subject.uri"], ["at-uri"])
        text.tell = roles.map(\.plural).sorted()
        if roles.contains(.collaborator) {
            var collaborators = RuleText.Collaborators(references: .init(["project"], accepts: ["at-uri", "did"]))
            collaborators.grants = ["com.example.collaborator"]
            text.collaborators = collaborators
        }
        if roles.contains(.subscriber) {
            text.subscribers = RuleText.Subscribers(
                collections: ["com.example.subscription"],
                references: .init(["subject"], accepts: ["union"]),
                only: "collections"
            )
        }
        change(&text)
        return try Rule(text)
    }

    /// A world with this network, and a rule that tells these.
    func world(_ roles: Set<RecipientRole> = Set(RecipientRole.allCases)) throws -> World {
        var world = try World()
        world.configuration.rules = [try Self.rule(roles)]
        world.configuration.lookup.directories = [try WebURL("https://relay.test")]
        world.http = client()
        return world
    }

    /// What the stream tells of a subscription.
    static func event(of uri: String, _ operation: StreamEvent.Commit.Operation, value: Int64) throws -> StreamEvent {
        let uri = try ATURI(uri)
        guard let did = uri.did, let collection = uri.collection, let key = uri.recordKey else {
            throw SyntaxError("AT-URI", uri.text, "it is no record's")
        }
        let time = UInt64(ManualClock().now().microseconds) + UInt64(value)
        let record: JSONValue = ["subject": ["uri": .string(project)]]
        return StreamEvent(
            position: StreamPosition(host: "stream.test", wire: .jetstream2, value: value, witnessed: Int64(time)),
            did: did,
            body: .commit(
                .init(
                    operation: operation,
                    collection: collection,
                    recordKey: key,
                    rev: TID(microseconds: time, clock: 1).text,
                    cid: operation == .delete ? nil : "c",
                    record: operation == .delete ? nil : record
                )
            )
        )
    }
}

extension World {
    /// Reads subscriptions as the daemon does, until nothing is due.
    func keepSubscriptions() async throws {
        let keeper = try await subscriptionKeeper()
        while true {
            let (due, wait) = try await keeper.step()
            for subscriber in due { await keeper.work(on: subscriber) }
            guard wait <= .seconds(1) else { break }
            clock.advance(wait)
        }
    }

    /// What reads them.
    func subscriptionKeeper() async throws -> SubscriptionKeeper {
        let ledger = try await Self.ledger(in: directory)
        let context = DeliveryContext.silent(configuration, http: http, wallClock: clock, logger: logger)
        let strangers = GuardedClient(configuration: configuration.lookup, http: http, clock: clock)
        let lookup = OwnerLookup(
            configuration: configuration.lookup,
            identities: identities,
            strangers: strangers,
            confirmations: ledger.confirmations,
            wallClock: clock
        )
        return SubscriptionKeeper(context, ledger: ledger, lookup: lookup, strangers: strangers)
    }

    /// Whose subscriptions to a project, or a record, are known.
    func subscribers(
        of subject: String = PeopleNetwork.project,
        for collection: String = "com.example.change.request"
    ) async throws -> [DID] {
        let ledger = try await directory.ledger()
        return try await ledger.subscriptions.subscribers(
            of: [try #require(ProjectReference(subject))],
            by: [try NSID("com.example.subscription")],
            for: try NSID(collection),
            atMost: 100
        ).map(\.did)
    }
}
