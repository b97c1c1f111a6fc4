internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// Requests, their jobs and messages: what is next, and what came of it.
///
/// Every change of a state is an event for a machine (JobQueue+Apply).
struct JobQueue: Sendable {
    let database: LedgerDatabase
    let timetable: Timetable

    func write<Value: Sendable>(
        at now: UnixTime,
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await database.transaction(at: now, timetable, body)
    }

    /// Applies events in one transaction; returns the results.
    func applied(
        at now: UnixTime,
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Void
    ) async throws(LedgerError) -> Applied {
        try await write(at: now) { transaction in
            try body(transaction)
            return transaction.applied
        }
    }

    /// Applies an event to each of several jobs.
    func apply(
        _ event: JobMachine.Event,
        to jobs: [Int64],
        _ note: Attempt? = nil,
        wait: Duration = .zero,
        now: UnixTime
    ) async throws(LedgerError) -> Applied {
        try await applied(at: now) { for job in jobs { try $0.apply(event, toJob: job, note, wait: wait) } }
    }

    /// Applies an event to a message and its jobs.
    func apply(
        _ event: MessageMachine.Event,
        to message: Int64,
        _ note: Attempt? = nil,
        sent: SentMessage? = nil,
        wait: Duration = .zero,
        now: UnixTime
    ) async throws(LedgerError) -> Applied {
        try await applied(at: now) { try $0.apply(event, toMessage: message, note, sent: sent, wait: wait) }
    }
}
