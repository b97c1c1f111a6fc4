internal import Logging

/// Ends the stored session, first on the server, then on the disk.
public struct SessionLogout: Sendable {
    private let configuration: SessionConfiguration
    private let environment: SessionEnvironment

    public init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.configuration = configuration
        self.environment = environment
    }

    /// Revokes the session and removes its file.
    ///
    /// - Parameter isForced: removes the file even if the server could not be told.
    /// - Throws: ``OAuthError``; the file still exists then.
    public func complete(isForced: Bool = false) async throws(OAuthError) {
        let vault = try SessionVault(configuration, environment)
        let lock = try await vault.heldLock()
        defer { lock.unlock() }
        guard let record = try await vault.load() else {
            throw OAuthError(code: .notLoggedIn, sentence: "There is no session in \(configuration.stateDirectory).")
        }
        guard record.account == configuration.account else {
            throw OAuthError(
                code: .configuration,
                sentence: "The session in \(configuration.stateDirectory) is of \(record.account); nothing was done."
            )
        }
        do throws(OAuthError) {
            try await configuration.scheme(environment).revoke(record)
        } catch {
            guard isForced else {
                throw OAuthError(
                    code: error.code,
                    sentence: "\(error.sentence) The session was kept; --force removes it all the same."
                )
            }
            environment.logger.warning(
                "the server could not be asked to end the session",
                metadata: ["reason": "\(error.sentence)"]
            )
        }
        let store = vault.store
        try await vault.queue.run { () throws(OAuthError) in try store.retire() }
    }
}
