internal import ATProtocol
internal import Network

/// A signed commit that fits together, of which is still to be told whose key signed it and what it follows on.
struct ClaimedCommit: Sendable, Equatable {
    /// What the message says about the commit before.
    enum Link: Sendable, Equatable {
        /// It follows on this revision and this tree (#commit).
        case follows(rev: TID?, data: CID?)
        /// It takes the place of everything before (#sync).
        case replaces
    }

    /// The signed commit.
    let commit: RepositoryCommit
    /// What it says that it follows on.
    let link: Link
    /// Whether a rule wants something of it.
    let isWanted: Bool
    /// What becomes of the message when it is refused.
    let refusal: RejectedMessage

    /// What a message means for the verification.
    enum Reading: Sendable, Equatable {
        case claim(ClaimedCommit)
        /// The account's key may have changed.
        case identity(DID)
        /// It does not fit together.
        case refused(RejectedMessage)
        /// Nothing that is signed.
        case other
    }

    /// Reads a message of a relay and checks what it proves by itself.
    static func read(_ message: VerificationQueue.Message) -> Reading {
        var refusal = RejectedMessage(
            host: message.host,
            wire: .relay,
            value: nil,
            reason: .malformed,
            detail: "",
            bytes: message.bytes
        )
        do {
            var reader = unsafe CBORReader(message.bytes.span.bytes)
            switch try RelayHeader(&reader).kind {
            case .commit:
                let parts = try RelayCommit(&reader)
                refusal.value = parts.sequence
                refusal.reason = .unproven
                let proof = try CommitProof(parts, BlockArchive(parts.blocks), now: message.now)
                let link = Link.follows(rev: proof.since, data: parts.previousData)
                return .claim(Self(commit: proof.commit, link: link, isWanted: message.isWanted, refusal: refusal))
            case .sync:
                let payload = try JSONValue(
                    dagCBOR: unsafe message.bytes.span.bytes.extracting(droppingFirst: reader.position)
                )
                refusal.value = payload["seq"]?.integer
                refusal.reason = .unproven
                let commit = try commit(ofSync: payload, now: message.now)
                return .claim(Self(commit: commit, link: .replaces, isWanted: message.isWanted, refusal: refusal))
            case .identity:
                let payload = try JSONValue(
                    dagCBOR: unsafe message.bytes.span.bytes.extracting(droppingFirst: reader.position)
                )
                return .identity(try DID(payload["did"]?.string ?? ""))
            default: return .other
            }
        } catch let error as RepositoryFailure {
            refusal.reason = RejectedMessage.Reason(error)
            refusal.detail = error.description
        } catch {
            refusal.reason = .malformed
            refusal.detail = "\(error)"
        }
        return .refused(refusal)
    }

    private static func commit(ofSync payload: JSONValue, now: UnixTime) throws -> RepositoryCommit {
        guard let blocks = payload["blocks"]?.dataBytes else {
            throw RepositoryFailure(code: .malformed, detail: "the message has no blocks")
        }
        let archive = try BlockArchive(blocks)
        guard let block = try archive.block(archive.root) else {
            throw RepositoryFailure(code: .missingBlock, detail: "the archive lacks the commit")
        }
        let commit = try RepositoryCommit(block)
        guard commit.did.text == payload["did"]?.string, commit.rev.text == payload["rev"]?.string else {
            throw RepositoryFailure(code: .wrongTree, detail: "the commit is of another repository or revision")
        }
        try commit.checkRevision(now: now)
        return commit
    }
}
