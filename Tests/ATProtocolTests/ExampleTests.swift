import ATProtocol
import Crypto
import Network
import Sandbox
import TestSupport
import Testing

// The examples of the library's documentation, as a stranger would write them.

func describe(_ reference: String) throws(SyntaxError) -> String {
    let uri = try ATURI(reference)
    let what = uri.recordKey.map { "record \($0)" } ?? "everything"
    return switch uri.authority {
    case .did(let did): "\(what) of the account \(did), by the method \(did.method)"
    case .handle(let handle): "\(what) of whoever is \(handle.normalized) now"
    }
}

func home(of handle: String, through client: any HTTPClient) async throws -> WebURL {
    let configuration = IdentityConfiguration(
        directory: try WebURL("https://plc.directory"),
        handleService: try WebURL("https://public.api.bsky.app")
    )
    let identities = IdentityResolver(configuration: configuration, client: client)
    let did = try await identities.did(of: Handle(handle))
    return try await identities.document(of: did, isFresh: false).pds(allowsLoopback: false)
}

func makeClient() -> CurlHTTPClient {
    CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "example/1.0 (+https://example.org)"))
}

func proven(_ archive: [UInt8], at path: String, by author: DIDDocument) throws -> JSONValue? {
    guard let key = author.signingKey else { return nil }
    return try RecordProof(
        CARFile(archive),
        of: author.did,
        at: path,
        signedBy: PublicKey(multikey: key),
        now: SystemClock().now()
    ).record
}

@Suite struct `The examples of the AT Protocol library` {
    @Test func `say what a reference speaks of`() throws {
        let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
        #expect(
            try describe("at://\(did)/app.bsky.feed.post/3kaaaaaaaaa2a")
                == "record 3kaaaaaaaaa2a of the account \(did), by the method plc"
        )
        #expect(try describe("at://Alice.test") == "everything of whoever is alice.test now")
        #expect(throws: SyntaxError.self) { try describe("https://alice.test") }
    }

    @Test func `find the server of a handle`() async throws {
        let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
        let client = ScriptedClient()
        client.script("/xrpc/com.atproto.identity.resolveHandle", [.json(["did": .string(did)])])
        let service: JSONValue = [
            "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://pds.test",
        ]
        client.script(
            "https://plc.directory/\(did)",
            [.json(["id": .string(did), "alsoKnownAs": ["at://alice.test"], "service": [service]])]
        )
        #expect(try await home(of: "alice.test", through: client).origin == "https://pds.test")
    }

    @Test func `prove a record, and that there is none`() async throws {
        var options = SandboxOptions()
        options.signsCommits = true
        let network = try await SandboxNetwork.start(options)
        let author = try network.createAccount(handle: "author.test")
        let uri = try network.createRecord(by: author, collection: "com.example.project", record: ["name": "Engine"])
        let client = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true))
        let identity = IdentityConfiguration(directory: network.plcURL, allowsLoopback: true)
        let document = try await IdentityResolver(configuration: identity, client: client)
            .document(of: author.did, isFresh: false)
        for (key, name) in [(uri.recordKey?.text ?? "", "Engine"), ("another", nil)] as [(String, String?)] {
            let question: [(name: String, value: String)] = [
                ("did", author.did.text), ("collection", "com.example.project"), ("rkey", key),
            ]
            let url = network.pdsURL.with(path: "/xrpc/com.atproto.sync.getRecord", query: question)
            let archive = try await client.send(HTTPRequest(.get, url)).body
            #expect(try proven(archive, at: "com.example.project/\(key)", by: document)?["name"]?.string == name)
        }
    }

    @Test func `make a client of strangers' hosts`() async throws {
        let request = HTTPRequest(.get, try WebURL("https://127.0.0.1/"), reach: .stranger)
        let failure = await #expect(throws: HTTPError.self) { try await makeClient().send(request) }
        #expect(failure?.code == .refusedHost)
    }
}
