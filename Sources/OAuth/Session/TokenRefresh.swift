internal import Network

/// The write protocol of a refresh (docs/oauth.md).
///
/// The store is proved, tokens are asked for, and what comes is on the disk before anybody looks at it. The session's lock is
/// held meanwhile.
struct TokenRefresh {
    let scheme: any TokenScheme
    let vault: SessionVault
    let environment: SessionEnvironment
    /// Whether the store still holds the record, asked after a wait.
    let isStillCurrent: () async -> Bool

    /// What came of it.
    enum Outcome {
        /// Not begun: the store would not take the new tokens.
        case withheld(OAuthFailure)
        /// Another process brought tokens meanwhile.
        case overtaken
        /// No tokens. The record's endpoints may have moved.
        case failed(RefreshVerdict, SessionRecord, isOutcomeUnknown: Bool)
        /// New tokens, and whether they are on the disk.
        case rotated(TokenSet, SessionRecord, Saving)
    }

    /// Where new tokens are.
    enum Saving {
        /// In the file; the doubt is why a crash of the machine may bring the old ones back.
        case saved(doubt: OAuthFailure?)
        /// In memory only.
        case failed(OAuthFailure)
    }

    /// Runs it.
    ///
    /// - Parameters:
    ///   - record: the one that the store holds.
    ///   - attempt: decides how often the token is presented.
    ///   - prepare: gives the new record what the session's state is once it has new tokens.
    /// - Returns: the outcome.
    func run(
        _ record: SessionRecord,
        _ attempt: RefreshAttempt,
        prepare: (inout SessionRecord) -> Void
    ) async -> Outcome {
        var (record, attempt) = (record, attempt)
        // The server's count of the new token's life may begin as soon as this is sent.
        let askedAt = environment.clock.now()
        record.intent = SessionRecord.Intent(generation: record.generation, startedAt: askedAt)
        // A store that would not take the new tokens must say so before the old one is spent.
        do throws(OAuthFailure) { try await vault.prove(record) } catch { return .withheld(error) }
        guard let verdict = await ask(&record, &attempt) else { return .overtaken }
        guard case .rotated(let tokens) = verdict else {
            return .failed(verdict, record, isOutcomeUnknown: attempt.isOutcomeUnknown)
        }
        var next = record.renewed(with: tokens, at: environment.clock.now(), askedAt: askedAt)
        prepare(&next)
        do throws(OAuthFailure) {
            return .rotated(tokens, next, .saved(doubt: try await vault.save(next)))
        } catch {
            return .rotated(tokens, next, .failed(error))
        }
    }

    /// Asks until there is a verdict; nil when another process brought tokens meanwhile.
    private func ask(_ record: inout SessionRecord, _ attempt: inout RefreshAttempt) async -> RefreshVerdict? {
        var reply = await scheme.refresh(record)
        while true {
            switch attempt.handle(reply) {
            case .finish(let verdict): return verdict
            case .keep(let body, let verdict):
                _ = await vault.keep(body)
                return verdict
            case .signIn: reply = await scheme.signIn(record)
            case .lookUp:
                guard let binding = await scheme.movedEndpoints(record) else { continue }
                record.binding = binding
                reply = await scheme.refresh(record)
            case .sendAgain(let wait):
                let seconds = wait.lowerBound + (wait.upperBound - wait.lowerBound) * environment.jitter()
                try? await environment.sleeper.sleep(for: .seconds(seconds))
                guard await isStillCurrent() else { return nil }
                reply = await scheme.refresh(record)
            }
        }
    }
}
