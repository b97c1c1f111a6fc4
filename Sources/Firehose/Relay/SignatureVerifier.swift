internal import ATProtocol
internal import Crypto
internal import Logging
internal import Network
internal import Synchronization

/// Verifies commits' signatures with the accounts' keys, between a reader and business code.
///
/// It resolves the keys of a batch concurrently and waits a moment for them. When one does not come in time, the
/// following batches do not wait for any key, so that such accounts cannot stop the stream. A commit whose key cannot
/// be had is passed on with a mark: the author's PDS must prove the record before it is used.
final class SignatureVerifier: Sendable {
    /// How long a batch waits for keys.
    static let patience = Duration.seconds(2)
    /// How long only cached keys are used after one did not come in time.
    static let rest = Duration.seconds(20)
    /// How many keys are resolved at once.
    static let maximumQuestions = 64

    private struct State {
        /// Until when only cached keys are used.
        var restsUntil = ContinuousClock.Instant.now
        /// How many commits without a key came since the last log line, and when the next line may be written.
        var unlogged = 0
        var logsAt = ContinuousClock.Instant.now
    }

    /// How often commits without a key may get a log line.
    private static let logInterval = Duration.seconds(60)

    private let state = Mutex(State())
    private let identities: any IdentityResolving
    private let patience: Duration
    private let logger: Logger

    /// Makes one.
    ///
    /// - Parameters:
    ///   - identities: where keys are had.
    ///   - patience: how long a batch waits for keys.
    ///   - logger: of the stream.
    init(identities: any IdentityResolving, patience: Duration = SignatureVerifier.patience, logger: Logger) {
        self.identities = identities
        self.patience = patience
        self.logger = logger
    }

    /// The batch without the events of wrongly signed commits, which are rejected; nil when the task was cancelled.
    func checked(_ batch: StreamBatch) async -> StreamBatch? {
        guard !batch.unverified.isEmpty else { return batch }
        var checked = batch
        checked.unverified = []
        var unknown: [(did: DID, reason: String)] = []
        for (unverified, finding) in await findings(of: batch.unverified) {
            let isOfCommit = { (event: StreamEvent) in
                event.isCommit && event.did == unverified.commit.did && event.position.value == unverified.refusal.value
            }
            switch finding {
            case .signed: break
            case .wrong(let detail):
                checked.events.removeAll(where: isOfCommit)
                var refusal = unverified.refusal
                refusal.detail = detail
                StreamMetrics.rejected(refusal.reason)
                checked.rejected.append(refusal)
            case .unknown(let reason):
                for index in checked.events.indices where isOfCommit(checked.events[index]) {
                    checked.events[index].awaitProof()
                }
                unknown.append((unverified.commit.did, reason))
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

    /// The result for one signature.
    private enum Finding: Sendable {
        case signed
        /// The signature is not from the account's key.
        case wrong(String)
        /// The account's key cannot be had now.
        case unknown(String)

        var isUnknown: Bool { if case .unknown = self { true } else { false } }
    }

    private func findings(of commits: [UnverifiedCommit]) async -> [(UnverifiedCommit, Finding)] {
        let mayAsk = state.withLock { $0.restsUntil <= .now }
        return await withTaskGroup(of: (UnverifiedCommit, Finding).self) { group in
            for (number, unverified) in commits.enumerated() {
                group.addTask { [self] in
                    (unverified, await finding(of: unverified.commit, asking: mayAsk && number < Self.maximumQuestions))
                }
            }
            var findings: [(UnverifiedCommit, Finding)] = []
            for await finding in group { findings.append(finding) }
            return findings
        }
    }

    private func finding(of commit: RepositoryCommit, asking: Bool) async -> Finding {
        var finding = Finding.unknown("not asked for just now, because other keys are awaited")
        if asking {
            if let answer = await Unhurried.answer(within: patience, to: { await self.compare(commit) }) {
                finding = answer
            } else {
                finding = .unknown("no answer within \(patience.wholeSeconds) s")
                state.withLock { $0.restsUntil = .now + Self.rest }
            }
        }
        // A cached key may be outdated, but it is all that we have.
        guard finding.isUnknown, let known = await identities.known(of: commit.did),
            case .signed = Self.finding(of: commit, by: known)
        else { return finding }
        return .signed
    }

    private func compare(_ commit: RepositoryCommit) async -> Finding {
        var finding = Finding.unknown("")
        // The cache may hold an outdated key, if the account has just changed its key (atproto.com/specs/sync).
        for isFresh in [false, true] {
            do throws(IdentityError) {
                finding = Self.finding(of: commit, by: try await identities.document(of: commit.did, isFresh: isFresh))
            } catch {
                finding = .unknown(error.description)
                // A second attempt right away would not help.
                if error.isTransient { break }
            }
            if case .signed = finding { break }
        }
        return finding
    }

    private static func finding(of commit: RepositoryCommit, by document: DIDDocument) -> Finding {
        guard let text = document.signingKey, let key = try? PublicKey(multikey: text) else {
            return .unknown("the DID document of \(commit.did) has no usable signing key")
        }
        do throws(RepositoryError) {
            try commit.verify(with: key)
            return .signed
        } catch {
            return .wrong(error.description)
        }
    }
}
