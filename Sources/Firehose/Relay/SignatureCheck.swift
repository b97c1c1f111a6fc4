internal import ATProtocol
internal import Crypto
internal import Logging
internal import Network

/// Compares the signatures of commits with their accounts' keys, between a reader and business code.
///
/// The keys of a batch are asked for together, and waited for a moment. A commit whose key cannot be had goes on with a note of
/// that, so that nothing behind it waits: its author's PDS has to prove the record before anybody is told of it.
struct SignatureCheck: Sendable {
    /// How long a batch waits for keys.
    static let patience = Duration.seconds(2)

    private let identities: any IdentityResolving
    private let logger: Logger

    init(identities: any IdentityResolving, logger: Logger) {
        self.identities = identities
        self.logger = logger
    }

    /// The batch with the events of wrongly signed commits put aside; nil when the task was cancelled.
    func checked(_ batch: StreamBatch) async -> StreamBatch? {
        guard !batch.unsigned.isEmpty else { return batch }
        var checked = batch
        checked.unsigned = []
        for (commit, finding) in await findings(of: batch.unsigned) {
            let isOfCommit = { (event: StreamEvent) in
                event.isCommit && event.did == commit.proof.did && event.position.value == commit.refusal.value
            }
            switch finding {
            case .signed: break
            case .wrong(let detail):
                checked.events.removeAll(where: isOfCommit)
                var refusal = commit.refusal
                refusal.detail = detail
                checked.rejected.append(refusal)
            case .unknown(let reason):
                for index in checked.events.indices where isOfCommit(checked.events[index]) {
                    checked.events[index].awaitProof()
                }
                logger.notice(
                    "a commit's signing key cannot be had; its author's PDS has to prove it",
                    metadata: ["did": "\(commit.proof.did)", "reason": "\(reason)"]
                )
            }
        }
        return Task.isCancelled ? nil : checked
    }

    /// What is known of a signature.
    private enum Finding: Sendable {
        case signed
        /// It is not the account's, or the account has no key.
        case wrong(String)
        /// The account's key cannot be had now.
        case unknown(String)
    }

    private func findings(of commits: [UnsignedCommit]) async -> [(UnsignedCommit, Finding)] {
        await withTaskGroup(of: (UnsignedCommit, Finding).self) { group in
            for commit in commits {
                group.addTask {
                    let finding = await Unhurried.answer(within: Self.patience) { await compare(commit.proof) }
                    return (commit, finding ?? .unknown("no answer within \(Self.patience.wholeSeconds) s"))
                }
            }
            var findings: [(UnsignedCommit, Finding)] = []
            for await finding in group { findings.append(finding) }
            return findings
        }
    }

    private func compare(_ proof: CommitProof) async -> Finding {
        var failure: String?
        // A key that was changed a moment ago is not in the cache yet (atproto.com/specs/sync).
        for isFresh in [false, true] {
            let document: DIDDocument
            do throws(IdentityFailure) {
                document = try await identities.document(of: proof.did, isFresh: isFresh)
            } catch {
                return error.isTransient ? .unknown(error.description) : .wrong(failure ?? error.description)
            }
            guard let text = document.signingKey, let key = try? PublicKey(multikey: text) else {
                return .wrong("the DID document of \(proof.did) has no usable signing key")
            }
            do throws(RepositoryFailure) {
                try proof.commit.verify(with: key)
                return .signed
            } catch {
                failure = error.description
            }
        }
        return .wrong(failure ?? "")
    }
}
