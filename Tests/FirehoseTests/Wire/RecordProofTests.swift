import ATProtocol
import Crypto
import Foundation
import Network
import TestSupport
import Testing

@testable import Firehose

@Suite struct `Record proofs` {
    @Test func `every recorded like is proven by its commit, and by no other key, account or path`() throws {
        guard let bytes = try Corpus.decompressed("did_docs.json.zst") else { return }
        let documents = try #require(try JSONValue(parsing: bytes).object)
        let stranger = try SigningKey(.p256).publicKey
        let now = Int64(Date.now.timeIntervalSince1970 * 1e6)
        var proven = 0
        for message in try RelayRecording.messages() {
            var reader = unsafe CBORReader(message.span.bytes)
            guard try RelayHeader(&reader).kind == .commit else { continue }
            let commit = try RelayCommit(&reader)
            let did = try DID(commit.repo)
            let archive = try CARFile(commit.blocks)
            let key = try PublicKey(
                multikey: require(DIDDocument(require(documents[did.text]), of: did).signingKey)
            )
            for operation in commit.operations where operation.path.hasPrefix("app.bsky.feed.like/") {
                func proof(_ key: PublicKey, of did: DID = did, now: Int64 = now) throws -> RecordProof {
                    try RecordProof(
                        archive,
                        of: did,
                        at: operation.path,
                        signedBy: key,
                        now: UnixTime(microseconds: now)
                    )
                }
                let found = try proof(key)
                #expect(found.cid == operation.cid && found.rev.text == commit.rev)
                #expect(found.record.map { (try? $0.dagCBOR()).map { CID(of: $0) } } == found.cid)
                proven += found.cid == nil ? 0 : 1
                #expect(throws: RepositoryError.self) { try proof(stranger) }
                #expect(throws: RepositoryError.self) { try proof(key, of: DID("did:web:b.test")) }
                let early = Int64(found.rev.microseconds) - RepositoryCommit.maximumLead.microseconds
                #expect(throws: Never.self) { try proof(key, now: early) }
                #expect(throws: RepositoryError.self) { try proof(key, now: early - 1) }
            }
        }
        #expect(proven > 100)
    }
}
