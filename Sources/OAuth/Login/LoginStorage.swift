internal import ATProtocol
internal import Logging
internal import Network

/// Replaces the stored session with a new one, and ends the old one on its server.
struct LoginStorage: Sendable {
    private let configuration: SessionConfiguration
    private let environment: SessionEnvironment
    private let vault: SessionVault

    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) throws(OAuthError) {
        self.configuration = configuration
        self.environment = environment
        vault = try SessionVault(configuration, environment)
    }

    /// Takes the session's lock and reserves room for a session, before a code is spent.
    ///
    /// While the lock is held, no daemon writes the file.
    func prepare() async throws(OAuthError) -> any FileLock {
        let lock = try await vault.heldLock()
        let store = vault.store
        do throws(OAuthError) {
            try await vault.queue.run { () throws(OAuthError) in try store.reserve() }
        } catch {
            lock.unlock()
            throw error
        }
        return lock
    }

    /// Writes the record and releases the lock in any case.
    func replace(
        with record: SessionRecord,
        releasing lock: any FileLock
    ) async throws(OAuthError) -> SessionStatus {
        let store = vault.store
        let now = environment.clock.now()
        // A session that cannot be read cannot be ended here, but a copy of its file is kept.
        let old = (try? await vault.load()) ?? nil
        do throws(OAuthError) {
            let doubt = try await vault.queue.run { () throws(OAuthError) in try store.replace(with: record, at: now)
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

    /// Asks a session's server to end it, and ignores failures; even a success proves nothing.
    private func revoke(_ record: SessionRecord) async {
        var configuration = configuration
        configuration.kind = record.kind
        configuration.clientID = record.binding?.clientID
        do throws(OAuthError) {
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
