public import ATProtocol
public import Logging

extension StreamFollower {
    /// Follows the stream until the task is cancelled, and gives each batch to a closure, one after the other.
    ///
    /// What a mailbox and a follower of one's own do in two tasks, in one call.
    ///
    /// - Parameters:
    ///   - configuration: hosts, collections, patience.
    ///   - positions: where the positions of earlier runs are.
    ///   - identities: tells the keys that a relay's commits are signed with; not needed for Jetstream.
    ///   - logger: takes one line for each connection, its end and its proof of continuity.
    ///   - take: stores what matters of a batch, and its position; what it throws ends the following.
    /// - Throws: ``FirehoseFailure`` when no attempt can ever succeed, or what the closure throws.
    public static func follow(
        _ configuration: StreamConfiguration,
        from positions: any PositionStore,
        identities: (any IdentityResolving)? = nil,
        logger: Logger,
        _ take: (StreamBatch) async throws -> Void
    ) async throws {
        let mailbox = StreamMailbox()
        let follower = StreamFollower(
            configuration: configuration,
            positions: positions,
            mailbox: mailbox,
            identities: identities,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { mailbox.close() }
                try await follower.run()
            }
            while let batch = await mailbox.next() { try await take(batch) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
