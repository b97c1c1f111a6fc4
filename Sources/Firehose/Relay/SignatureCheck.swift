internal import ATProtocol
internal import Crypto
internal import Logging
internal import Network

/// Compares the signatures of commits with their accounts' keys, between a reader and business code.
///
/// The directory of `did:plc` is waited for as long as it takes: the position does not move meanwhile. The host of a
/// `did:web` is a stranger's and gets three attempts.
struct SignatureCheck: Sendable {
    private let identities: any IdentityResolving
    private let sleeper: any Clock<Duration>
    private let logger: Logger

    init(identities: any IdentityResolving, sleeper: any Clock<Duration>, logger: Logger) {
        self.identities = identities
        self.sleeper = sleeper
        self.logger = logger
    }

    /// The batch with the events of wrongly signed commits put aside; nil when the task was cancelled.
    func checked(_ batch: StreamBatch) async -> StreamBatch? {
        guard !batch.unsigned.isEmpty else { return batch }
        var checked = batch
        checked.unsigned = []
        for commit in batch.unsigned {
            guard let failure = await failure(of: commit.proof) else { continue }
            guard !Task.isCancelled else { return nil }
            checked.events.removeAll {
                $0.isCommit && $0.did == commit.proof.did && $0.position.value == commit.refusal.value
            }
            var refusal = commit.refusal
            refusal.detail = failure
            checked.rejected.append(refusal)
        }
        return Task.isCancelled ? nil : checked
    }

    /// What is wrong with a signature; nil when nothing is.
    private func failure(of proof: CommitProof) async -> String? {
        var failure: String?
        // A key that was changed a moment ago is not in the cache yet (atproto.com/specs/sync).
        for isFresh in [false, true] {
            switch await key(of: proof.did, isFresh: isFresh) {
            // It was waited for already.
            case .failure(let error): return failure ?? error.sentence
            case .success(let key):
                do throws(RepositoryFailure) {
                    try proof.commit.verify(with: key)
                    return nil
                } catch {
                    failure = error.description
                }
            }
        }
        return failure
    }

    private struct KeyFailure: Error {
        var sentence: String
    }

    private func key(of did: DID, isFresh: Bool) async -> Result<PublicKey, KeyFailure> {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(60))
        while true {
            do throws(IdentityFailure) {
                let document = try await identities.document(of: did, isFresh: isFresh)
                guard let text = document.signingKey, let key = try? PublicKey(multikey: text) else {
                    return .failure(KeyFailure(sentence: "the DID document of \(did) has no usable signing key"))
                }
                return .success(key)
            } catch {
                guard error.isTransient, did.method == "plc" || backoff.attempt < 2, !Task.isCancelled else {
                    return .failure(KeyFailure(sentence: error.description))
                }
                let wait = backoff.next()
                logger.warning(
                    "commit waits for its signing key",
                    metadata: ["did": "\(did)", "reason": "\(error.code.rawValue)", "next_s": "\(wait / .seconds(1))"]
                )
                do { try await sleeper.sleep(for: wait) } catch {
                    return .failure(KeyFailure(sentence: "cancelled"))
                }
            }
        }
    }
}
