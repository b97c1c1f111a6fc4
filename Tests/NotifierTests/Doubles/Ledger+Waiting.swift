import GRDB
import LedgerStorage
import Network

@testable import Notifier

extension Ledger {
    /// Waits until the ledger stands as a test wants it, looking after every commit.
    ///
    /// - Returns: whether it came to that in time.
    func stands(
        within timeout: Duration = .seconds(300),
        _ condition: @escaping @Sendable (Ledger) async throws -> Bool
    ) async throws -> Bool {
        let (commits, committed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let observer = CommitObserver(commits: committed)
        try await database.write { $0.add(transactionObserver: observer, extent: .databaseLifetime) }
        let deadline = Task {
            try? await Task.sleep(for: timeout)
            committed.finish()
        }
        defer { deadline.cancel() }
        for await _ in commits where try await condition(self) { return true }
        return false
    }
}

/// Tells of commits; one that comes while the last is not yet looked at is told with it.
private final class CommitObserver: TransactionObserver, Sendable {
    private let commits: AsyncStream<Void>.Continuation

    init(commits: AsyncStream<Void>.Continuation) {
        self.commits = commits
        commits.yield()
    }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ database: Database) { commits.yield() }
    func databaseDidRollback(_ database: Database) {}
}

extension JobQueue {
    /// Corrects everything that waits, as at a start.
    func correctAllWaits(now: UnixTime) async throws {
        var place: WaitPlace? = .dated
        while let current = place { place = try await correctWaits(current, before: nil, now: now) }
    }
}
