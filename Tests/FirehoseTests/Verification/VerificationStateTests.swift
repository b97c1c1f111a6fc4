import ATProtocol
import Crypto
import Network
import TestSupport
import Testing

@testable import Firehose

@Suite struct `The verification of everything` {
    private let key: SigningKey
    private let did: DID
    private let now = UnixTime(microseconds: SignedCommit.start)
    private static let down = IdentityFailure(code: .unavailable, subject: "", detail: "down")

    init() throws {
        key = try SigningKey(.k256)
        did = try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
    }

    /// A state that knows the key and the first commit.
    private func begun() throws -> VerificationState {
        var state = VerificationState()
        #expect(try state.take(SignedCommit.claim(1, of: did, by: key), now: now) == [.lookUp(did, isFresh: false)])
        #expect(state.answer(did, .success(key.publicKey), now: now) == [.verified])
        return state
    }

    private func isRefused(_ findings: [VerificationState.Finding]) -> Bool {
        guard findings.count == 1, case .refused(let message) = findings[0] else { return false }
        return message.reason == .unproven && !message.detail.isEmpty && !message.bytes.isEmpty
    }

    @Test func `the recorded messages are verified by the keys of their documents, each account in one chain`() throws {
        guard let bytes = try Corpus.decompressed("did_docs.json.zst") else { return }
        let documents = try #require(try JSONValue(parsing: bytes).object)
        var state = VerificationState()
        var verified = 0
        for message in try RelayRecording.messages() {
            let queued = VerificationQueue.Message(host: "h", bytes: message, isWanted: false, now: now)
            guard case .claim(let claim) = ClaimedCommit.read(queued) else { continue }
            var findings = state.take(claim, now: now)
            if case .lookUp(let did, false) = findings.first {
                let text = try DIDDocument(#require(documents[did.text]), of: did).signingKey
                findings = state.answer(did, .success(try PublicKey(multikey: #require(text))), now: now)
            }
            #expect(findings == [.verified])
            verified += findings.count
        }
        #expect(verified == 148)
    }

    @Test func `one flipped bit in a recorded commit is noticed`() throws {
        guard let bytes = try Corpus.decompressed("did_docs.json.zst"),
            var message = try RelayRecording.messages().first
        else { return }
        let documents = try #require(try JSONValue(parsing: bytes).object)
        func findings() throws -> [VerificationState.Finding] {
            var state = VerificationState()
            let queued = VerificationQueue.Message(host: "h", bytes: message, isWanted: false, now: now)
            switch ClaimedCommit.read(queued) {
            case .refused(let refusal): return [.refused(refusal)]
            case .claim(let claim):
                _ = state.take(claim, now: now)
                let did = claim.commit.did
                let text = try documents[did.text].flatMap { try DIDDocument($0, of: did).signingKey }
                let key = try text.map { try PublicKey(multikey: $0) }
                _ = state.answer(did, .success(key), now: now)
                return state.answer(did, .success(key), now: now)
            case .identity, .other: return []
            }
        }
        var reader = unsafe CBORReader(message.span.bytes)
        _ = try RelayHeader(&reader)
        let blocks = try RelayCommit(&reader).blocks
        let start = try #require(message.firstRange(of: blocks)).lowerBound
        message[start + blocks.count / 2] ^= 4
        #expect(isRefused(try findings()))
    }

    @Test func `commits that wait for a key are taken in order when it comes`() throws {
        var state = VerificationState()
        #expect(try state.take(SignedCommit.claim(1, of: did, by: key), now: now) == [.lookUp(did, isFresh: false)])
        #expect(try state.take(SignedCommit.claim(2, of: did, by: key), now: now).isEmpty)
        #expect(try state.take(SignedCommit.claim(3, of: did, by: key), now: now).isEmpty)
        #expect(state.answer(did, .success(key.publicKey), now: now) == [.verified, .verified, .verified])
        #expect(try state.take(SignedCommit.claim(4, of: did, by: key), now: now) == [.verified])
    }

    @Test func `a commit that follows on another revision or tree breaks the chain, once`() throws {
        var state = try begun()
        let skipped = try SignedCommit.claim(3, of: did, by: key)
        #expect(state.take(skipped, now: now) == [.verified, .desynchronized(did, .since, isWanted: false)])
        #expect(try state.take(SignedCommit.claim(4, of: did, by: key), now: now) == [.verified])
        let other = try SignedCommit.claim(5, of: did, by: key, previous: SignedCommit.data(99))
        #expect(state.take(other, now: now) == [.verified, .desynchronized(did, .previousData, isWanted: false)])
        let first = try SignedCommit.claim(6, of: did, by: key, since: .some(nil))
        #expect(state.take(first, now: now) == [.verified, .desynchronized(did, .since, isWanted: false)])
        // Of a server that does not speak of the tree before, nothing more can be said.
        #expect(try state.take(SignedCommit.claim(7, of: did, by: key, previous: .some(nil)), now: now) == [.verified])
    }

    @Test func `what comes again after a reconnection breaks nothing, nor does a sync, nor an interruption`() throws {
        var state = try begun()
        #expect(try state.take(SignedCommit.claim(2, of: did, by: key), now: now) == [.verified])
        for number in [1, 2] {
            #expect(try state.take(SignedCommit.claim(number, of: did, by: key), now: now) == [.verified])
        }
        #expect(try state.take(SignedCommit.claim(3, of: did, by: key), now: now) == [.verified])
        #expect(try state.take(SignedCommit.claim(9, of: did, by: key, isSync: true), now: now) == [.verified])
        #expect(try state.take(SignedCommit.claim(10, of: did, by: key), now: now) == [.verified])
        state.forgetChains()
        #expect(try state.take(SignedCommit.claim(20, of: did, by: key), now: now) == [.verified])
        #expect(try state.take(SignedCommit.claim(21, of: did, by: key), now: now) == [.verified])
    }

    @Test func `a wrong signature is held against a fresh key, which is not asked for twice within a minute`() throws {
        var state = try begun()
        let stranger = try SigningKey(.p256)
        let forged = try SignedCommit.claim(2, of: did, by: stranger)
        #expect(state.take(forged, now: now) == [.lookUp(did, isFresh: true)])
        #expect(isRefused(state.answer(did, .success(key.publicKey), now: now)))
        #expect(isRefused(state.take(forged, now: now + .seconds(59))))
        #expect(state.take(forged, now: now + .seconds(61)) == [.lookUp(did, isFresh: true)])
        // The forgery moved nothing.
        _ = state.answer(did, .success(key.publicKey), now: now + .seconds(61))
        #expect(try state.take(SignedCommit.claim(2, of: did, by: key), now: now) == [.verified])
    }

    @Test func `a changed key is found by its first signature, or told by an identity event`() throws {
        var state = try begun()
        let next = try SigningKey(.p256)
        let commit = try SignedCommit.claim(2, of: did, by: next)
        #expect(state.take(commit, now: now) == [.lookUp(did, isFresh: true)])
        #expect(state.answer(did, .success(next.publicKey), now: now) == [.verified])
        state.forgetKey(of: did)
        let after = try SignedCommit.claim(3, of: did, by: next)
        #expect(state.take(after, now: now) == [.lookUp(did, isFresh: false)])
    }

    @Test func `what the directory does not answer is counted, what it denies is refused`() throws {
        var state = VerificationState()
        let claim = try SignedCommit.claim(1, of: did, by: key)
        _ = state.take(claim, now: now)
        #expect(state.answer(did, .failure(Self.down), now: now) == [.unverified(.keyUnavailable)])
        _ = state.take(claim, now: now)
        let gone = IdentityFailure(code: .notFound, subject: did.text, detail: "it does not exist")
        #expect(isRefused(state.answer(did, .failure(gone), now: now)))
        _ = state.take(claim, now: now)
        #expect(isRefused(state.answer(did, .success(nil), now: now)))
    }

    @Test func `no more keys are asked for at once than the directory bears; the rest is counted`() throws {
        var state = VerificationState()
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
        var asked = 0
        for letter in alphabet {
            let did = try DID("did:plc:" + String(repeating: letter, count: 24))
            let findings = try state.take(SignedCommit.claim(1, of: did, by: key), now: now)
            asked += findings == [.lookUp(did, isFresh: false)] ? 1 : 0
            if asked >= VerificationState.maximumLookups, findings != [.lookUp(did, isFresh: false)] {
                #expect(findings == [.unverified(.keysPending)])
            }
        }
        #expect(asked == VerificationState.maximumLookups)
    }

    @Test func `accounts are remembered in a bounded number, the last ones that wrote`() throws {
        var accounts = AccountStates(capacity: 100)
        let key = AccountStates.Key(key.publicKey, freshAt: nil)
        for number in 0..<10_000 {
            accounts[try DID("did:web:a\(number).test")].key = key
            accounts[did].key = key
        }
        #expect(accounts.count <= 100 && accounts[did].key == key)
        #expect(accounts[try DID("did:web:a9999.test")].key == key)
    }
}
