internal import ATProtocol
internal import Crypto
internal import Logging
internal import Network
internal import Synchronization

/// Compares the signatures of commits with their accounts' keys, between a reader and business code.
///
/// The keys of a batch are asked for together, and waited for a moment; when one does not come, nobody is waited for in the
/// next batches, so that no number of such accounts makes the stream stand still. A commit whose key cannot be had goes on with
/// a note of that: its author's PDS has to prove the record before anybody is told of it.
final class SignatureCheck: Sendable {
    /// How long a batch waits for keys.
    static let patience = Duration.seconds(2)
    /// For how long only keys that are known are compared, after one did not come.
    static let rest = Duration.seconds(20)
    /// The most keys that are asked for together.
    static let maximumQuestions = 64

    private struct State {
        /// Until when nobody is asked.
        var restsUntil = ContinuousClock.Instant.now
        /// Commits without a key since the last line about them, and when the next one may come.
        var unlogged = 0
        var logsAt = ContinuousClock.Instant.now
    }

    /// Authors without a key get one line in this time.
    private static let logInterval = Duration.seconds(60)

    private let state = Mutex(State())
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
        var unknown: [(did: DID, reason: String)] = []
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
                StreamMetrics.rejected(refusal.reason)
                checked.rejected.append(refusal)
            case .unknown(let reason):
                for index in checked.events.indices where isOfCommit(checked.events[index]) {
                    checked.events[index].awaitProof()
                }
                unknown.append((commit.proof.did, reason))
            }
        }
        report(unknown)
        return Task.isCancelled ? nil : checked
    }

    private func report(_ unknown: [(did: DID, reason: String)]) {
        guard let (did, reason) = unknown.first else { return }
        let count = state.withLock { state -> Int? in
            state.unlogged += unknown.count
            guard state.logsAt <= .now else { return nil }
            defer { (state.unlogged, state.logsAt) = (0, .now + Self.logInterval) }
            return state.unlogged
        }
        guard let count else { return }
        logger.notice(
            "signing keys cannot be fetched; each author's PDS must prove the record instead",
            metadata: ["count": .stringConvertible(count), "did": "\(did)", "reason": "\(reason)"]
        )
    }

    /// What is known of a signature.
    private enum Finding: Sendable {
        case signed
        /// It is not the account's.
        case wrong(String)
        /// The account's key cannot be had now.
        case unknown(String)

        var isUnknown: Bool { if case .unknown = self { true } else { false } }
    }

    private func findings(of commits: [UnsignedCommit]) async -> [(UnsignedCommit, Finding)] {
        let mayAsk = state.withLock { $0.restsUntil <= .now }
        return await withTaskGroup(of: (UnsignedCommit, Finding).self) { group in
            for (number, commit) in commits.enumerated() {
                group.addTask { [self] in
                    (commit, await finding(of: commit.proof, asking: mayAsk && number < Self.maximumQuestions))
                }
            }
            var findings: [(UnsignedCommit, Finding)] = []
            for await finding in group { findings.append(finding) }
            return findings
        }
    }

    private func finding(of proof: CommitProof, asking: Bool) async -> Finding {
        var finding = Finding.unknown("not asked for just now, because other keys are awaited")
        if asking {
            if let answer = await Unhurried.answer(within: Self.patience, to: { await self.compare(proof) }) {
                finding = answer
            } else {
                finding = .unknown("no answer within \(Self.patience.wholeSeconds) s")
                state.withLock { $0.restsUntil = .now + Self.rest }
            }
        }
        // A key that is known may be old, and is the only one there is then.
        guard finding.isUnknown, let known = await identities.known(of: proof.did),
            case .signed = Self.finding(of: proof, by: known)
        else { return finding }
        return .signed
    }

    private func compare(_ proof: CommitProof) async -> Finding {
        var finding = Finding.unknown("")
        // A key that was changed a moment ago, or an account that was made then, is not in the cache yet (atproto.com/specs/sync).
        for isFresh in [false, true] {
            do throws(IdentityFailure) {
                finding = Self.finding(of: proof, by: try await identities.document(of: proof.did, isFresh: isFresh))
            } catch {
                finding = .unknown(error.description)
                // It was asked just now.
                if error.isTransient { break }
            }
            if case .signed = finding { break }
        }
        return finding
    }

    private static func finding(of proof: CommitProof, by document: DIDDocument) -> Finding {
        guard let text = document.signingKey, let key = try? PublicKey(multikey: text) else {
            return .unknown("the DID document of \(proof.did) has no usable signing key")
        }
        do throws(RepositoryFailure) {
            try proof.commit.verify(with: key)
            return .signed
        } catch {
            return .wrong(error.description)
        }
    }
}
