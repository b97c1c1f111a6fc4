import ATProtocol
import Network
import TestSupport
import Testing

/// What is remembered of an account ends with the stream's word that it may be another now.
@Suite struct `What is remembered of an account` {
    private let client = ScriptedClient()
    private let clock = ManualClock()
    private let did: DID
    private let address = "https://plc.directory/did:plc:ewvi7nxzyoun6zhxrhs64oiz"
    private let resolver: IdentityResolver

    init() throws {
        did = try DID("did:plc:ewvi7nxzyoun6zhxrhs64oiz")
        var configuration = IdentityConfiguration(
            directory: try WebURL("https://plc.directory"),
            handleService: try WebURL("https://pds.test")
        )
        configuration.directoryRate = 1_000_000
        resolver = IdentityResolver(configuration: configuration, client: client, clock: clock)
        for name in ["old.test", "new.test"] {
            let question = "https://pds.test/xrpc/com.atproto.identity.resolveHandle?handle=\(name)"
            client.script(question, [.json(["did": .string(did.text)])])
        }
    }

    private func document(_ handle: String) -> ScriptedClient.Answer {
        .json(["id": .string(did.text), "alsoKnownAs": [.string("at://\(handle)")]])
    }

    @Test func `is forgotten with its handle`() async throws {
        client.script(address, [document("old.test"), document("new.test")])
        #expect(await resolver.handle(of: did)?.text == "old.test")
        #expect(await resolver.handle(of: did)?.text == "old.test")
        await resolver.purge(did)
        #expect(await resolver.known(of: did) == nil)
        // Whoever asks for the handle first must not learn it from a cache either.
        let failure = await #expect(throws: IdentityError.self) {
            try await resolver.did(of: Handle("old.test"))
        }
        #expect(failure?.code == .handleUnresolved)
        #expect(await resolver.handle(of: did)?.text == "new.test")
    }

    @Test func `is not renewed by an answer that was under way`() async throws {
        client.script(address, [document("old.test"), document("new.test")])
        let gate = Gate()
        client.during(address) { await gate.pass() }
        async let before = resolver.document(of: did, isFresh: false)
        await gate.arrival()
        await resolver.purge(did)
        gate.open()
        #expect(try await before.handle?.text == "old.test")
        #expect(await resolver.known(of: did) == nil)
        #expect(try await resolver.document(of: did, isFresh: false).handle?.text == "new.test")
    }

    @Test func `does not stand in for a directory that fails while it is forgotten`() async throws {
        client.script(address, [document("old.test"), .success(HTTPResponse(status: 503))])
        _ = try await resolver.document(of: did, isFresh: false)
        clock.advance(3601)
        let gate = Gate()
        client.during(address) { await gate.pass() }
        let asking = Task { [resolver, did] in try await resolver.document(of: did, isFresh: false) }
        await gate.arrival()
        await resolver.purge(did)
        gate.open()
        await #expect(throws: IdentityError.self) { try await asking.value }
    }

    @Test func `is nobody else's business`() async throws {
        client.script(address, [document("old.test")])
        _ = try await resolver.document(of: did, isFresh: false)
        await resolver.purge(try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"))
        _ = try await resolver.document(of: did, isFresh: false)
        #expect(client.requests.count == 1)
    }
}
