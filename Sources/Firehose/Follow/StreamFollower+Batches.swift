public import ATProtocol
public import Logging

extension StreamFollower {
    /// Follows the stream until the task is cancelled, and passes each batch to a closure, one at a time.
    ///
    /// It replaces a queue and a follower in two tasks.
    ///
    /// - Parameters:
    ///   - configuration: hosts, collections, time limits.
    ///   - positions: the store with the positions of earlier runs.
    ///   - identities: resolves the keys that sign a relay's commits; not needed for Jetstream.
    ///   - logger: gets a line for each connection, its end and its proof of continuity.
    ///   - take: stores what matters in a batch, and its position; an error ends the follower.
    /// - Throws: ``FirehoseError`` when no attempt can succeed, or the closure's error.
    public static func follow(
        _ configuration: StreamConfiguration,
        from positions: any PositionStore,
        identities: (any IdentityResolving)? = nil,
        logger: Logger,
        _ take: (StreamBatch) async throws -> Void
    ) async throws {
        let batchQueue = BatchQueue()
        let follower = StreamFollower(
            configuration: configuration,
            positions: positions,
            batchQueue: batchQueue,
            identities: identities,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { batchQueue.close() }
                try await follower.run()
            }
            while let batch = await batchQueue.next() { try await take(batch) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
