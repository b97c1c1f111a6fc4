internal import Network

/// The write protocol of a refresh (docs/oauth.md).
///
/// It checks that the store can be written, then asks for tokens, and writes them to the disk before they are checked.
/// The session's lock must be held.
struct TokenRefresh {
    let scheme: any TokenScheme
    let vault: SessionVault
    let environment: SessionEnvironment
    /// Whether the store still has the same record; called after a wait.
    let isStillCurrent: () async -> Bool

    /// The result of the refresh.
    enum Outcome {
        /// Not begun, because the store cannot be written.
        case withheld(OAuthError)
        /// Another process stored new tokens meanwhile.
        case overtaken
        /// There are no tokens. The record's endpoints may have changed.
        case failed(RefreshVerdict, SessionRecord, isOutcomeUnknown: Bool)
        /// There are new tokens, on the disk or not.
        case rotated(TokenSet, SessionRecord, Saving)
    }

    /// Where the new tokens are.
    enum Saving {
        /// In the file; `doubt` says why a crash of the machine may restore the old ones.
        case saved(doubt: OAuthError?)
        /// In memory only.
        case failed(OAuthError)
    }

    /// Runs the refresh.
    ///
    /// - Parameters:
    ///   - record: the record in the store.
    ///   - attempt: decides how often the token is sent.
    ///   - prepare: sets the session's state in the new record once there are new tokens.
    /// - Returns: the outcome.
    func run(
        _ record: SessionRecord,
        _ attempt: RefreshAttempt,
        prepare: (inout SessionRecord) -> Void
    ) async -> Outcome {
        var (record, attempt) = (record, attempt)
        // The server may count the new token's lifetime from the moment of the request.
        let askedAt = environment.clock.now()
        record.intent = SessionRecord.Intent(generation: record.generation, startedAt: askedAt)
        // The store must prove that it can be written before the old token is spent.
        do throws(OAuthError) { try await vault.prove(record) } catch { return .withheld(error) }
        guard let verdict = await ask(&record, &attempt) else { return .overtaken }
        guard case .rotated(let tokens) = verdict else {
            return .failed(verdict, record, isOutcomeUnknown: attempt.isOutcomeUnknown)
        }
        var next = record.renewed(with: tokens, at: environment.clock.now(), askedAt: askedAt)
        prepare(&next)
        do throws(OAuthError) {
            return .rotated(tokens, next, .saved(doubt: try await vault.save(next)))
        } catch {
            return .rotated(tokens, next, .failed(error))
        }
    }

    /// Sends the token until there is a verdict; nil when another process stored new tokens meanwhile.
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
