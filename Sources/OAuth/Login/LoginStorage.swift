internal import ATProtocol
internal import Logging
internal import Network

/// Puts a new session in the place of the old one, and ends the old one on its server.
struct LoginStorage: Sendable {
    private let configuration: SessionConfiguration
    private let environment: SessionEnvironment
    private let vault: SessionVault

    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) throws(OAuthFailure) {
        self.configuration = configuration
        self.environment = environment
        vault = try SessionVault(configuration, environment)
    }

    /// Writes the record under the session's lock, waiting for a refresh of a running daemon to end.
    func replace(with record: SessionRecord) async throws(OAuthFailure) -> SessionStatus {
        try await replace(with: record, releasing: vault.heldLock())
    }

    /// Takes the session's lock and room for a session: before what can be used once only is used.
    ///
    /// From here on no daemon writes the file whose room this is.
    func prepare() async throws(OAuthFailure) -> any FileLock {
        let lock = try await vault.heldLock()
        let store = vault.store
        do throws(OAuthFailure) {
            try await vault.queue.run { () throws(OAuthFailure) in try store.reserve() }
        } catch {
            lock.unlock()
            throw error
        }
        return lock
    }

    /// Writes the record and gives the lock back, whatever comes of it.
    func replace(
        with record: SessionRecord,
        releasing lock: any FileLock
    ) async throws(OAuthFailure) -> SessionStatus {
        let store = vault.store
        let now = environment.clock.now()
        // A session that cannot be read is not this one's business to end; it is kept aside all the same.
        let old = (try? await vault.load()) ?? nil
        do throws(OAuthFailure) {
            let doubt = try await vault.queue.run { () throws(OAuthFailure) in try store.replace(with: record, at: now)
            }
            lock.unlock()
            if let doubt {
                environment.logger.warning(
                    "session stored, but it may not survive a power cut",
                    metadata: ["did": "\(record.account)", "reason": "\(doubt.sentence)"]
                )
            }
        } catch {
            lock.unlock()
            throw error
        }
        if let old { await revoke(old) }
        return try await StoredSession.open(configuration, environment).status()
    }

    /// Asks a session's server to end it, as well as may be: that it agrees proves nothing.
    private func revoke(_ record: SessionRecord) async {
        var configuration = configuration
        configuration.kind = record.kind
        configuration.clientID = record.binding?.clientID
        do throws(OAuthFailure) {
            try await configuration.scheme(environment).revoke(record)
            environment.logger.notice(
                "the server was asked to end the old session",
                metadata: ["did": "\(record.account)"]
            )
        } catch {
            environment.logger.warning(
                "the server could not be asked to end the old session",
                metadata: ["reason": "\(error.sentence)"]
            )
        }
    }
}
