import ATProtocol
import Network
import TestSupport
import Testing

@Suite struct `Identity resolution` {
    private let client = ScriptedClient()
    private let clock = ManualClock()
    private let did: DID
    private let address: String
    private let resolver: IdentityResolver

    init() throws {
        did = try DID("did:plc:ewvi7nxzyoun6zhxrhs64oiz")
        address = "https://plc.directory/did:plc:ewvi7nxzyoun6zhxrhs64oiz"
        var configuration = IdentityConfiguration(
            directory: try WebURL("https://plc.directory"),
            handleService: try WebURL("https://pds.test")
        )
        configuration.directoryRate = 1_000_000
        resolver = IdentityResolver(configuration: configuration, client: client, clock: clock)
    }

    private func document(_ did: String, handle: String = "alice.test") -> ScriptedClient.Answer {
        let text = #"""
            {"id":"\#(did)","alsoKnownAs":["at://\#(handle)"],
             "verificationMethod":[{"id":"\#(did)#atproto","publicKeyMultibase":"zQ3sh"}],
             "service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"https://pds.test"}]}
            """#
        return .success(HTTPResponse(status: 200, body: Array(text.utf8)))
    }

    private func status(_ status: Int, _ body: String = "{}") -> ScriptedClient.Answer {
        .success(HTTPResponse(status: status, body: Array(body.utf8)))
    }

    @Test func `a document is asked for once an hour`() async throws {
        client.script(address, [document(did.text)])
        for _ in 0..<3 { #expect(try await resolver.document(of: did, isFresh: false).handle?.text == "alice.test") }
        #expect(client.requests.count == 1)
        clock.advance(3601)
        _ = try await resolver.document(of: did, isFresh: false)
        #expect(client.requests.count == 2)
    }

    @Test func `a fresh document bypasses the cache and a purge empties it`() async throws {
        client.script(address, [document(did.text)])
        _ = try await resolver.document(of: did, isFresh: false)
        _ = try await resolver.document(of: did, isFresh: true)
        #expect(client.requests.count == 2)
        await resolver.purge(did)
        _ = try await resolver.document(of: did, isFresh: false)
        #expect(client.requests.count == 3)
    }

    @Test func `a silent directory leaves a day-old answer in use and no longer`() async throws {
        client.script(address, [document(did.text), status(503)])
        _ = try await resolver.document(of: did, isFresh: false)
        clock.advance(23 * 3600)
        #expect(try await resolver.document(of: did, isFresh: false).did == did)
        clock.advance(2 * 3600)
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.document(of: did, isFresh: false)
        }
        #expect(failure?.code == .unavailable && failure?.isTransient == true)
    }

    @Test(arguments: [404, 410]) func `a refusal is remembered for five minutes`(code: Int) async throws {
        client.script(address, [status(code, #"{"message":"DID not registered"}"#)])
        for _ in 0..<2 {
            let failure = await #expect(throws: IdentityError.self) {
                try await resolver.document(of: did, isFresh: false)
            }
            #expect(failure?.code == .notFound)
        }
        #expect(client.requests.count == 1)
        clock.advance(301)
        _ = try? await resolver.document(of: did, isFresh: false)
        #expect(client.requests.count == 2)
    }

    @Test func `a DID that is gone is not served from the cache`() async throws {
        client.script(address, [document(did.text), status(404)])
        _ = try await resolver.document(of: did, isFresh: false)
        clock.advance(3601)
        await #expect(throws: IdentityError.self) { try await resolver.document(of: did, isFresh: false) }
    }

    @Test func `callers at the same time share one request`() async throws {
        client.script(address, [document(did.text)])
        let gate = Gate()
        client.during(address) { await gate.pass() }
        // Each begins here and now, so that it stands in the resolver's queue before what is asked after it.
        let callers = [false, false, true].map { isFresh in
            Task.immediate { [resolver, did] in try await resolver.document(of: did, isFresh: isFresh) }
        }
        await gate.arrival()
        _ = await resolver.known(of: did)
        gate.open()
        for caller in callers { _ = try await caller.value }
        #expect(client.requests.count == 1)
    }

    @Test func `the document must be of the DID that was asked for`() async throws {
        client.script(address, [document("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")])
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.document(of: did, isFresh: false)
        }
        #expect(failure?.code == .invalidDocument)
    }

    /// What comes in the place of an answer.
    private static let pages: [(status: Int, body: String)] = [
        (200, "<html>Welcome</html>"), (200, ""), (200, "null"), (200, "[]"), (200, "{}"), (200, #"{"id":"did:plc:ew"#),
        (200, #"{"id":"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"}"#), (404, "<html>Not found</html>"), (404, ""),
        (410, "gone"), (204, ""), (302, ""), (400, #"{"message":"bad"}"#), (403, "<html>"), (429, "{}"), (500, "{}"),
    ]

    @Test(arguments: pages) func `what is no document is no answer, and the one before goes on to count`(
        status: Int,
        body: String
    ) async throws {
        client.script(address, [self.status(status, body), document(did.text), self.status(status, body)])
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.document(of: did, isFresh: false)
        }
        #expect(failure?.isTransient == true)
        // It is asked again at once, and not remembered as a refusal.
        #expect(try await resolver.document(of: did, isFresh: false).handle?.text == "alice.test")
        clock.advance(3601)
        #expect(try await resolver.document(of: did, isFresh: false).handle?.text == "alice.test")
        #expect(client.requests.count == 3)
    }

    @Test func `a host without a document may say so by a page`() async throws {
        client.script("https://alice.test/.well-known/did.json", [status(404, "<html>Not found</html>")])
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.document(of: DID("did:web:alice.test"), isFresh: false)
        }
        #expect(failure?.code == .notFound)
    }

    @Test(arguments: [
        (200, "<html>Welcome</html>"), (200, ""), (200, "{}"), (200, #"{"did":7}"#), (200, #"{"did":"alice"}"#),
        (400, "<html>"), (400, "{}"), (400, #"{"error":"InvalidRequest","message":"Invalid Request"}"#),
        (404, #"{"error":"XRPCNotSupported","message":"XRPC Not Supported"}"#), (404, "<html>"), (502, "{}"),
    ]) func `what says nothing about a handle is no answer`(status: Int, body: String) async throws {
        let question = "https://pds.test/xrpc/com.atproto.identity.resolveHandle?handle=alice.test"
        client.script(address, [document(did.text)])
        client.script(question, [self.status(status, body), self.status(200, #"{"did":"\#(did.text)"}"#)])
        let failure = await #expect(throws: IdentityError.self) { try await resolver.did(of: Handle("alice.test")) }
        #expect(failure?.isTransient == true)
        #expect(try await resolver.did(of: Handle("alice.test")) == did)
    }

    @Test func `a document that is too large is no document, and no host that the guard refuses`() async throws {
        let cut = HTTPError(code: .tooLarge, origin: "https://plc.directory", detail: "", mayHaveBeenSent: true)
        client.script(address, [.failure(cut)])
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.document(of: did, isFresh: false)
        }
        #expect(failure?.code == .invalidDocument)
    }

    @Test(arguments: [
        ("did:web:localhost%3A1", IdentityError.Code.refusedHost), ("did:web:127.0.0.1", .refusedHost),
        ("did:web:metadata.internal", .refusedHost), ("did:web:single", .refusedHost),
        ("did:web:example.com:user", .unsupportedMethod), ("did:key:z6Mk", .unsupportedMethod),
        ("did:plc:short", .unsupportedMethod),
    ]) func `no request leaves for a host that a stranger may not choose`(
        text: String,
        code: IdentityError.Code
    ) async throws {
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.document(of: DID(text), isFresh: false)
        }
        #expect(failure?.code == code)
        #expect(client.requests.isEmpty)
    }

    @Test func `the host of a did_web is reached as a stranger's choice`() async throws {
        client.script("https://alice.test/.well-known/did.json", [document("did:web:alice.test")])
        _ = try await resolver.document(of: DID("did:web:alice.test"), isFresh: false)
        let request = try #require(client.requests.first)
        #expect(request.reach == .stranger && request.maximumBody == 256 << 10 && request.timeout == .seconds(10))
    }

    @Test func `a host of documents that fails in a row is left alone for a while, and no other`() async throws {
        let (dead, alive) = (try DID("did:web:dead.test"), try DID("did:web:alive.test"))
        let lost = HTTPError(code: .timeout, origin: "https://dead.test", detail: "", mayHaveBeenSent: true)
        let answers = [status(500), status(503), .failure(lost), document(dead.text)]
        client.script("https://dead.test/.well-known/did.json", answers)
        client.script("https://alive.test/.well-known/did.json", [document(alive.text)])
        for number in 1...6 {
            let failure = await #expect(throws: IdentityError.self) {
                try await resolver.document(of: dead, isFresh: false)
            }
            #expect(failure?.code == .unavailable)
            #expect(failure?.detail.contains("left alone for 30 s, after timeout") == (number > 3))
        }
        #expect(client.requests.count == 3)
        #expect(try await resolver.document(of: alive, isFresh: false).did == alive)
        clock.advance(31)
        #expect(try await resolver.document(of: dead, isFresh: false).did == dead)
    }

    @Test func `a directory that fails is asked by everybody all the same`() async throws {
        client.script(address, [status(503)])
        for _ in 0..<5 { _ = try? await resolver.document(of: did, isFresh: false) }
        #expect(client.requests.count == 5)
    }

    @Test func `a name is asked for when the directory has nothing else to do`() async throws {
        var configuration = IdentityConfiguration(
            directory: try WebURL("https://plc.directory"),
            handleService: try WebURL("https://pds.test")
        )
        configuration.directoryRate = 2
        let resolver = IdentityResolver(configuration: configuration, client: client, clock: clock)
        let others = try ["aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccc"].map {
            try DID("did:plc:\($0)")
        }
        for other in others { client.script("https://plc.directory/\(other)", [document(other.text)]) }
        client.script(address, [document(did.text)])
        client.script(
            "https://pds.test/xrpc/com.atproto.identity.resolveHandle?handle=alice.test",
            [status(200, #"{"did":"\#(did.text)"}"#)]
        )
        // The first two take what a second has. The clock stands still, so that the name never has its turn.
        for other in others.prefix(2) { _ = try await resolver.document(of: other, isFresh: false) }
        async let name = resolver.handle(of: did)
        _ = try await resolver.document(of: others[2], isFresh: false)
        #expect(client.count("/\(did)") == 0)
        // Whoever gives up leaves nothing behind.
        let impatient = Task { await resolver.handle(of: did) }
        impatient.cancel()
        #expect(await impatient.value == nil)
        clock.advance(10)
        #expect(await name?.text == "alice.test" && client.count("/\(did)") == 1)
    }

    @Test func `a handle counts only when its DID document names it`() async throws {
        let question = "https://pds.test/xrpc/com.atproto.identity.resolveHandle?handle="
        client.script(address, [document(did.text)])
        client.script(question + "alice.test", [status(200, #"{"did":"\#(did.text)"}"#)])
        client.script(question + "mallory.test", [status(200, #"{"did":"\#(did.text)"}"#)])
        client.script(
            question + "nobody.test",
            [
                status(400, #"{"error":"InvalidRequest","message":"Unable to resolve handle"}"#)
            ]
        )
        #expect(try await resolver.did(of: Handle("Alice.test")) == did)
        for name in ["mallory.test", "nobody.test", "server.local"] {
            let failure = await #expect(throws: IdentityError.self) {
                try await resolver.did(of: Handle(name))
            }
            #expect(failure?.code == .handleUnresolved)
        }
    }
}
