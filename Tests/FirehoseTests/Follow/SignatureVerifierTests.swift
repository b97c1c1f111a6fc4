import ATProtocol
import Crypto
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Firehose

/// Documents from a table; the first answers may be failures.
private final class ScriptedIdentities: IdentityResolving {
    private let documents: JSONValue
    private let failures: Mutex<[IdentityError]>
    private let asked = Mutex(0)
    let hangs: Bool
    private let remembers: Bool

    init(
        _ documents: JSONValue,
        failures: [IdentityError] = [],
        hangs: Bool = false,
        remembers: Bool = false
    ) {
        self.documents = documents
        self.hangs = hangs
        self.remembers = remembers
        self.failures = Mutex(failures)
    }

    var count: Int { asked.withLock { $0 } }

    func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument {
        asked.withLock { $0 += 1 }
        // Whoever gives up waiting cancels it.
        while hangs, !Task.isCancelled { await Task.yield() }
        if let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
        return try DIDDocument(documents[did.text] ?? .null, of: did)
    }

    func known(of did: DID) -> DIDDocument? {
        remembers ? try? DIDDocument(documents[did.text] ?? .null, of: did) : nil
    }

    func did(of handle: Handle) async throws(IdentityError) -> DID {
        throw IdentityError(code: .handleUnresolved, subject: handle.text, detail: "none")
    }
}

@Suite struct `The check of signatures` {
    private func batch() throws -> StreamBatch? {
        guard let message = try RelayRecording.messages().first else { return nil }
        let collections = ["like", "post", "repost"].map { "app.bsky.feed.\($0)" }
        var decoder = try WireDecoder(.relay, collections, witnessed: 0)
        guard case .read(let content) = unsafe decoder.decode(.binary, message.span.bytes) else { throw MissingPart() }
        var batch = StreamBatch(events: content.events)
        batch.unverified = content.unverified
        return batch
    }

    private func documents() throws -> JSONValue {
        try JSONValue(parsing: require(Corpus.decompressed("did_docs.json.zst")))
    }

    private func verifier(_ identities: ScriptedIdentities) -> SignatureVerifier {
        // Who does not hang is waited for as long as a busy machine lets them take.
        let patience = Duration.seconds(identities.hangs ? 2 : 30)
        return SignatureVerifier(identities: identities, patience: patience, logger: Logger.silent)
    }

    private func awaitsProof(_ event: StreamEvent) -> Bool {
        guard case .commit(let commit) = event.body else { return false }
        return commit.awaitsProof
    }

    @Test func `what the account signed passes as it is`() async throws {
        guard let batch = try batch() else { return }
        let identities = ScriptedIdentities(try documents())
        let checked = try #require(await verifier(identities).checked(batch))
        #expect(checked.events == batch.events && checked.rejected.isEmpty && checked.unverified.isEmpty)
        #expect(identities.count == 1)
    }

    @Test(arguments: [[IdentityError.Code.unavailable], [.notFound, .notFound], []])
    func `what cannot be compared for want of a key goes on, and awaits proof`(codes: [IdentityError.Code])
        async throws
    {
        guard let batch = try batch() else { return }
        let failures = codes.map { IdentityError(code: $0, subject: "", detail: "") }
        let identities = ScriptedIdentities(try documents(), failures: failures, hangs: codes.isEmpty)
        let checked = try #require(await verifier(identities).checked(batch))
        #expect(checked.events.count == batch.events.count && checked.rejected.isEmpty && checked.unverified.isEmpty)
        #expect(checked.events.allSatisfy(awaitsProof))
    }

    @Test func `an account that is new is asked for past the cache`() async throws {
        guard let batch = try batch() else { return }
        let unknown = IdentityError(code: .notFound, subject: "", detail: "")
        let checked = try #require(
            await verifier(ScriptedIdentities(try documents(), failures: [unknown])).checked(batch)
        )
        #expect(checked.events == batch.events && checked.rejected.isEmpty)
    }

    @Test func `a key that does not come makes the batches behind it wait no more`() async throws {
        guard let batch = try batch() else { return }
        let identities = ScriptedIdentities(try documents(), hangs: true)
        let verifier = verifier(identities)
        _ = await verifier.checked(batch)
        let asked = identities.count
        let second = try #require(await verifier.checked(batch))
        #expect(identities.count == asked && second.events.allSatisfy(awaitsProof))
    }

    @Test func `a key that is remembered is compared when no other comes`() async throws {
        guard let batch = try batch() else { return }
        let identities = ScriptedIdentities(try documents(), hangs: true, remembers: true)
        let checked = try #require(await verifier(identities).checked(batch))
        #expect(checked.events == batch.events && checked.rejected.isEmpty)
    }

    @Test func `what another key signed is put aside with its bytes, after asking for a fresh key`() async throws {
        guard let batch = try batch(), let did = batch.events.first?.did else { return }
        let key = try SigningKey(.p256).publicKey.multikey
        let document: JSONValue = [
            "id": .string(did.text), "verificationMethod": [["id": "#atproto", "publicKeyMultibase": .string(key)]],
        ]
        let identities = ScriptedIdentities(.object([did.text: document]))
        let checked = try #require(await verifier(identities).checked(batch))
        #expect(checked.events.isEmpty && checked.rejected.count == 1 && identities.count == 2)
        #expect(checked.rejected.first?.reason == .unproven && checked.rejected.first?.bytes.isEmpty == false)
    }
}
