import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's index of repositories` {
    private let network: SandboxNetwork
    private let owner: SandboxAccount
    private let other: SandboxAccount
    private let asker: IndexAsker

    init() async throws {
        network = try await SandboxNetwork.start()
        owner = try network.createAccount(handle: "owner.test")
        other = try network.createAccount(handle: "other.test")
        asker = IndexAsker(network)
    }

    @Test func `names the record that claims a repository, as its owner's PDS has it`() async throws {
        let repository = try network.createRepositoryIdentity()
        let uri = try network.claim(repository, by: owner, name: "engine", key: "engine")
        let answer = try await asker.ask(repository)
        let record = try await asker.record(uri)
        #expect(answer.status == 200)
        #expect(try JSONValue(parsing: answer.body) == JSONValue(parsing: record.body))
        let value = try JSONValue(parsing: record.body)["value"]
        #expect(value?["repoDid"]?.string == repository.text)
        #expect(value?["$type"] == "sh.tangled.repo" && value?["knot"] == "knot.example.org")
    }

    @Test func `refuses what it does not know and what is no question, in words of XRPC`() async throws {
        let repository = try network.createRepositoryIdentity()
        #expect(try await asker.outcome(repository) == "404 RecordNotFound: record not found")
        let path = "/xrpc/sh.tangled.repo.getRepoByRepoDid"
        let question = "400 InvalidRequest: invalid request: Failed to deserialize query string: "
        let missing = try await asker.get(network.indexURL.with(path: path))
        #expect(IndexAsker.description(missing) == question + "missing field `repoDid`")
        let malformed = try await asker.get(network.indexURL.with(path: path, query: [("repoDid", "engine")]))
        #expect(IndexAsker.description(malformed).hasPrefix(question + "repoDid"))
        #expect(try await asker.get(network.indexURL.with(path: "/xrpc/sh.tangled.repo.getIssue")).status == 404)
        #expect(try await asker.http.send(HTTPRequest(.post, network.indexURL.with(path: path))).status == 405)
    }

    @Test func `believes who claimed a repository last, and nobody when that record is gone`() async throws {
        let repository = try network.createRepositoryIdentity()
        let first = try network.claim(repository, by: owner, name: "engine")
        #expect(try await asker.outcome(repository) == first.text)
        let second = try network.claim(repository, by: other, name: "engine", key: "engine")
        #expect(try await asker.outcome(repository) == second.text)
        try network.deleteRecord(by: other, collection: "sh.tangled.repo", key: "engine")
        #expect(try await asker.outcome(repository) == "404 RecordNotFound: record not found")
    }

    @Test func `keeps a claim that its record has withdrawn`() async throws {
        let (old, new) = (try network.createRepositoryIdentity(), try network.createRepositoryIdentity())
        let uri = try network.claim(old, by: owner, name: "engine", key: "engine")
        try network.claim(new, by: owner, name: "engine", key: "engine")
        #expect(try await asker.outcome(new) == uri.text)
        #expect(try await asker.outcome(old) == uri.text)
        let value = try JSONValue(parsing: try await asker.ask(old).body)["value"]
        #expect(value?["repoDid"]?.string == new.text)
    }

    @Test func `names as collaborators whom records name, whoever wrote them`() async throws {
        let repository = try network.createRepositoryIdentity()
        for (grantor, person) in [(owner, other), (other, owner)] {
            let record: JSONValue = ["subject": .string(person.did.text), "repo": .string(repository.text)]
            try network.createRecord(by: grantor, collection: "sh.tangled.repo.collaborator", record: record)
        }
        let path = "/xrpc/sh.tangled.repo.listCollaborators"
        func people(_ subject: String) async throws -> Set<String> {
            let url = network.indexURL.with(path: path, query: [("subject", subject)])
            let answer = try JSONValue(parsing: try await asker.get(url).body)
            return Set((answer["items"]?.array ?? []).compactMap { $0["subject"]?.string })
        }
        #expect(try await people(repository.text) == [owner.did.text, other.did.text])
        #expect(try await people(owner.did.text).isEmpty)
        #expect(try await asker.get(network.indexURL.with(path: path)).status == 400)
    }

    @Test func `is not told by a record of another collection, nor by one that nobody wrote`() async throws {
        let repository = try network.createRepositoryIdentity()
        let record: JSONValue = ["repoDid": .string(repository.text)]
        try network.createRecord(by: owner, collection: "sh.tangled.repo.issue", record: record)
        try network.forgeRecord(by: owner, collection: "sh.tangled.repo", record: record)
        #expect(try await asker.outcome(repository) == "404 RecordNotFound: record not found")
    }

    @Test func `says how much it has seen`() async throws {
        func coverage() async throws -> JSONValue {
            let url = network.indexURL.with(path: "/xrpc/sh.tangled.bobbin.getCoverage")
            return try JSONValue(parsing: try await asker.get(url).body)
        }
        let before = try await coverage()
        #expect(before["ready"]?.bool == true)
        try network.claim(try network.createRepositoryIdentity(), by: owner, name: "engine")
        let after = try await coverage()
        let seen = try #require(before["eventsProcessed"]?.integer)
        #expect(after["eventsProcessed"]?.integer == seen + 1)
        #expect(after["lastCursor"]?.integer == seen + 1)
    }

    @Test func `calls things what it is told to`() async throws {
        var options = SandboxOptions()
        options.index.collection = "com.example.project"
        options.index.field = "did"
        options.index.method = "com.example.findProject"
        options.index.parameter = "of"
        options.index.coverageMethod = "com.example.getCoverage"
        let network = try await SandboxNetwork.start(options)
        let owner = try network.createAccount(handle: "owner.test")
        let repository = try network.createRepositoryIdentity()
        let uri = try network.claim(repository, by: owner, name: "engine")
        #expect(uri.collection?.text == "com.example.project")
        let url = network.indexURL.with(path: "/xrpc/com.example.findProject", query: [("of", repository.text)])
        let answer = try JSONValue(parsing: try await asker.get(url).body)
        #expect(answer["uri"]?.string == uri.text && answer["value"]?["did"]?.string == repository.text)
        #expect(try await asker.get(network.indexURL.with(path: "/xrpc/com.example.getCoverage")).status == 200)
        #expect(try await IndexAsker(network).ask(repository).status == 404)
    }

    @Test(arguments: [false, true])
    func `a repository has a DID document with a knot and no name, and no account`(isOlder: Bool) async throws {
        let repository = try network.createRepositoryIdentity(knot: "https://knot1.example.org", isOlder: isOlder)
        let answer = try await asker.get(network.plcURL.with(path: "/\(repository)"))
        let document = try DIDDocument(try JSONValue(parsing: answer.body), of: repository)
        #expect(document.services == [isOlder ? "atproto_pds" : "tangled_knot": "https://knot1.example.org"])
        #expect(document.pdsEndpoint == (isOlder ? "https://knot1.example.org" : nil))
        #expect(document.handle == nil && document.signingKey != nil)
        #expect(network.account(named: repository.text) == nil)
        let status = network.pdsURL.with(
            path: "/xrpc/com.atproto.sync.getRepoStatus",
            query: [("did", repository.text)]
        )
        #expect(IndexAsker.description(try await asker.get(status)).hasPrefix("400 RepoNotFound"))
    }

    @Test func `nobody reads the chat of a repository`() async throws {
        let repository = try network.createRepositoryIdentity()
        let client = try StrictClient(network)
        let refusal = try await client.openConversation(with: repository, try await client.logIn(owner))
        #expect(IndexAsker.description(refusal).hasPrefix("400 RecipientNotFound"))
        #expect(network.chat.messages.isEmpty)
    }
}

/// Asks the index and the PDS, and says shortly what they answered.
struct IndexAsker {
    let network: SandboxNetwork
    let http = CurlHTTPClient.loopback()

    init(_ network: SandboxNetwork) { self.network = network }

    func get(_ url: WebURL) async throws -> HTTPResponse { try await http.send(HTTPRequest(.get, url)) }

    func ask(_ repository: DID) async throws -> HTTPResponse { try await get(question(repository)) }

    func question(_ repository: DID) -> WebURL {
        let query = [("repoDid", repository.text)]
        return network.indexURL.with(path: "/xrpc/sh.tangled.repo.getRepoByRepoDid", query: query)
    }

    /// The AT-URI, or what else came.
    func outcome(_ repository: DID) async throws -> String { Self.description(try await ask(repository)) }

    /// What the PDS says of a record.
    func record(_ uri: ATURI) async throws -> HTTPResponse {
        let query = [
            ("repo", uri.did?.text ?? ""), ("collection", uri.collection?.text ?? ""),
            ("rkey", uri.recordKey?.text ?? ""),
        ]
        return try await get(network.pdsURL.with(path: "/xrpc/com.atproto.repo.getRecord", query: query))
    }

    static func description(_ response: HTTPResponse) -> String {
        guard response.isSuccess else {
            let error = XRPCError(response)
            return "\(error.status) \(error.name ?? "-"): \(error.message ?? "-")"
        }
        guard let body = try? JSONValue(parsing: response.body) else {
            return "200 " + (response.headers["Content-Type"] ?? "-")
        }
        return (body.array ?? [body]).map { $0["uri"]?.string ?? "-" }.joined(separator: " ")
    }
}
