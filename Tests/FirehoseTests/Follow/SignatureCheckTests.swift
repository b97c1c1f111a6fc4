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
    private let failures: Mutex<[IdentityFailure]>
    private let asked = Mutex(0)
    private let hangs: Bool

    init(_ documents: JSONValue, failures: [IdentityFailure] = [], hangs: Bool = false) {
        self.documents = documents
        self.hangs = hangs
        self.failures = Mutex(failures)
    }

    var count: Int { asked.withLock { $0 } }

    func document(of did: DID, isFresh: Bool) async throws(IdentityFailure) -> DIDDocument {
        asked.withLock { $0 += 1 }
        // Whoever gives up waiting cancels it.
        while hangs, !Task.isCancelled { await Task.yield() }
        if let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
        return try DIDDocument(documents[did.text] ?? .null, of: did)
    }

    func did(of handle: Handle) async throws(IdentityFailure) -> DID {
        throw IdentityFailure(code: .handleUnresolved, subject: handle.text, detail: "none")
    }
}

@Suite struct `The check of signatures` {
    private func batch() throws -> StreamBatch? {
        guard let message = try RelayRecording.messages().first else { return nil }
        let collections = try ["like", "post", "repost"].map { try CollectionPattern("app.bsky.feed.\($0)") }
        var decoder = RelayDecoder(host: "h", collections: collections, verification: .matched, witnessed: 0)
        guard case .read(let content) = unsafe decoder.decode(.binary, message.span.bytes) else { throw MissingPart() }
        var batch = StreamBatch(events: content.events)
        batch.unsigned = content.unsigned
        return batch
    }

    private func documents() throws -> JSONValue {
        try JSONValue(parsing: require(Corpus.decompressed("did_docs.json.zst")))
    }

    private func check(_ identities: ScriptedIdentities) -> SignatureCheck {
        SignatureCheck(identities: identities, logger: Logger.silent)
    }

    private func awaitsProof(_ event: StreamEvent) -> Bool {
        guard case .commit(let commit) = event.body else { return false }
        return commit.awaitsProof
    }

    @Test func `what the account signed passes as it is`() async throws {
        guard let batch = try batch() else { return }
        let identities = ScriptedIdentities(try documents())
        let checked = try #require(await check(identities).checked(batch))
        #expect(checked.events == batch.events && checked.rejected.isEmpty && checked.unsigned.isEmpty)
        #expect(identities.count == 1)
    }

    @Test(arguments: [true, false])
    func `what cannot be compared for want of a key goes on, and awaits proof`(answers: Bool) async throws {
        guard let batch = try batch() else { return }
        let silent = IdentityFailure(code: .unavailable, subject: "", detail: "")
        let identities = ScriptedIdentities(try documents(), failures: answers ? [silent] : [], hangs: !answers)
        let checked = try #require(await check(identities).checked(batch))
        #expect(checked.events.count == batch.events.count && checked.rejected.isEmpty && checked.unsigned.isEmpty)
        #expect(checked.events.allSatisfy(awaitsProof))
    }

    @Test func `what another key signed is put aside with its bytes, after asking for a fresh key`() async throws {
        guard let batch = try batch(), let did = batch.events.first?.did else { return }
        let key = try SigningKey(.p256).publicKey.multikey
        let document: JSONValue = [
            "id": .string(did.text), "verificationMethod": [["id": "#atproto", "publicKeyMultibase": .string(key)]],
        ]
        let identities = ScriptedIdentities(.object([did.text: document]))
        let checked = try #require(await check(identities).checked(batch))
        #expect(checked.events.isEmpty && checked.rejected.count == 1 && identities.count == 2)
        #expect(checked.rejected.first?.reason == .unproven && checked.rejected.first?.bytes.isEmpty == false)
    }
}
