import ATProtocol
import Network
import Synchronization
import TestSupport
import Testing

@testable import Notifier

/// A directory whose word changes, and PDSes that call each project after themselves.
final class MovingWorld: Sendable {
    struct State {
        /// The PDS that the directory names for everybody; nil while it is down.
        var pds: String? = "https://old.test"
        /// What a PDS answers instead of a record.
        var records: [String: ScriptedClient.Answer] = [:]
        /// What a PDS says of the state of repositories.
        var states: [String: ScriptedClient.Answer] = [:]
        /// What was asked, by host.
        var questions: [String] = []
    }

    private let state = Mutex(State())
    let clock = ManualClock()

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// How often a host was asked.
    func count(_ host: String) -> Int { state.withLock { $0.questions.count { $0 == host } } }

    // An example of the specification's.
    private static let key = "zQ3shXjHeiBuRCKmM36cuYnm7YEMzhGnCmCyW92sRJ9pribSF"

    private func answer(_ request: HTTPRequest) -> ScriptedClient.Answer {
        let host = request.url.host
        let state = state.withLock { state in
            state.questions.append(host)
            return state
        }
        if host == "plc.directory" {
            guard let pds = state.pds else { return .success(HTTPResponse(status: 503)) }
            let service: JSONValue = [
                "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": .string(pds),
            ]
            let did = String(request.url.path.dropFirst())
            let key: JSONValue = ["id": "#atproto", "type": "Multikey", "publicKeyMultibase": .string(Self.key)]
            return .json(["id": .string(did), "service": [service], "verificationMethod": [key]])
        }
        if request.url.path.hasSuffix("getRepoStatus") { return state.states[host] ?? .json(["active": true]) }
        if let answer = state.records[host] { return answer }
        func item(_ name: String) -> String { request.url.value(of: name) ?? "" }
        return .json([
            "uri": .string("at://\(item("repo"))/\(item("collection"))/\(item("rkey"))"),
            "value": ["$type": .string(item("collection")), "name": .string(host)],
        ])
    }

    private func clients() throws -> (identities: IdentityResolver, strangers: GuardedClient) {
        let http = ScriptedClient { self.answer($0) }
        var identity = IdentityConfiguration(directory: try WebURL("https://plc.directory"))
        identity.directoryRate = 1_000_000
        return (
            IdentityResolver(configuration: identity, client: http, clock: clock),
            GuardedClient(configuration: LookupConfiguration(), http: http, clock: clock)
        )
    }

    /// A look-up that remembers nothing yet.
    func lookup() throws -> OwnerLookup {
        let clients = try clients()
        return OwnerLookup(
            configuration: LookupConfiguration(),
            identities: clients.identities,
            strangers: clients.strangers,
            confirmations: PassingConfirmations(),
            wallClock: clock
        )
    }

    /// One who asks for proofs and remembers nothing yet.
    func prover() throws -> RecordProofClient {
        let clients = try clients()
        return RecordProofClient(
            identities: clients.identities,
            strangers: clients.strangers,
            wallClock: clock,
            allowsLoopback: false
        )
    }

    /// What a look-up finds of the owner's project.
    func find(
        by lookup: OwnerLookup,
        rule: Rule? = nil,
        isFresh: Bool = false
    ) async throws -> (finding: OwnerLookup.Finding, reason: Reason?) {
        let project = ATURI(World.owner, NSID(known: "com.example.project"), try RecordKey("p1"))
        let request = ATURI(World.author, NSID(known: "com.example.request"), try RecordKey("r"))
        let findings = await lookup.find(
            [.record(project)],
            of: request,
            rule: try rule ?? Rules.rule(),
            isFresh: isFresh
        )
        let finding = try #require(findings.first)
        return (finding, finding.failure.map { classify($0.phase, $0.cause).reason })
    }
}
