internal import ATProtocol
internal import Crypto
internal import Network

/// Asks an author's PDS to prove that a record is in their repository, and believes only what their key has signed.
///
/// A stranger chose their DID document, their PDS and what it answers (invariant 7).
struct RecordProofClient: Sendable {
    let identities: any IdentityResolving
    let strangers: GuardedClient
    let wallClock: any WallClock
    let allowsLoopback: Bool

    /// The largest answer, in bytes: a commit, the path, and a record of the largest size that the network allows, with
    /// margin.
    static let maximumBody = 4 << 20

    /// What a repository proves about a record.
    func prove(_ uri: ATURI, of author: DID) async throws(CallError) -> RecordProof {
        var known: DIDDocument?
        let objection: CallError
        do throws(CallError) {
            let document = try await document(of: author, isFresh: false)
            known = document
            return try await prove(uri, by: document)
        } catch { objection = error }
        guard objection.mayBeOfOldDocument else { throw objection }
        // The cache may not have a new key or a new server yet. An account that is not where it was is gone only when
        // the document says so.
        let document = try await document(of: author, isFresh: true)
        guard document != known else { throw objection }
        return try await prove(uri, by: document)
    }

    private func document(of author: DID, isFresh: Bool) async throws(CallError) -> DIDDocument {
        do { return try await identities.document(of: author, isFresh: isFresh) } catch { throw .identity(error) }
    }

    private func prove(_ uri: ATURI, by document: DIDDocument) async throws(CallError) -> RecordProof {
        guard let collection = uri.collection, let recordKey = uri.recordKey else {
            throw .refused(Refusal(.referenceWithoutRecord, uri.text))
        }
        let author = document.did
        let pds: WebURL
        do { pds = try document.pds(allowsLoopback: allowsLoopback) } catch { throw .identity(error) }
        guard let text = document.signingKey, let key = try? PublicKey(multikey: text) else {
            let detail = "the DID document of \(author) has no usable signing key"
            throw .unproven(RepositoryError(code: .wrongSignature, detail: detail))
        }
        let response = try await strangers.ask(
            pds,
            "com.atproto.sync.getRecord",
            [("did", author.text), ("collection", collection.text), ("rkey", recordKey.text)],
            headers: ["Accept": "application/vnd.ipld.car"],
            maximumBody: Self.maximumBody
        )
        guard response.isSuccess else { throw .answer(XRPCError(response)) }
        let archive: CARFile
        do throws(RepositoryError) { archive = try CARFile(response.body) } catch {
            throw .unreadable(status: response.status, detail: error.description)
        }
        do throws(RepositoryError) {
            return try RecordProof(
                archive,
                of: author,
                at: "\(collection)/\(recordKey)",
                signedBy: key,
                now: wallClock.now()
            )
        } catch {
            throw .unproven(error)
        }
    }
}

extension CallError {
    /// Whether the server does not have the account, or cannot be asked.
    private var isOfServer: Bool {
        let reasons: [Reason] = [.repositoryNotFound, .authorInactive, .proofUnavailable, .hostPaused, .hostRefused]
        return reasons.contains(classify(.proof, self).reason)
    }

    /// Whether a change of the DID document since it was cached would explain it.
    fileprivate var mayBeOfOldDocument: Bool {
        switch self {
        case .unproven(let failure): failure.code == .wrongSignature
        case .identity(let failure): !failure.isTransient
        case .answer(let error): error.status == 404 || isOfServer
        default: isOfServer
        }
    }
}
