internal import Dispatch
package import GRDB
internal import Synchronization

/// Reads the ledger on a connection and a queue of its own, so that it never waits for the daemon's work nor delays it.
///
/// A hanging disk blocks this queue only. Callers must cope with getting no answer.
package final class LedgerReader: Sendable {
    private let path: String
    private let writer: String?
    private let queue = DispatchQueue(label: "impact-notifier.ledger-reader")
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(path: String, writer: String?) {
        self.path = path
        self.writer = writer
    }

    /// A read-only connection.
    static func open(_ path: String, label: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = label
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Reads, and hands the result over on this reader's own queue.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value,
        then tell: @escaping @Sendable (Result<Value, LedgerError>) -> Void
    ) {
        queue.async { [self] in
            do { tell(.success(try opened().read(body))) } catch {
                tell(.failure(LedgerError(error, path: path, writer: writer)))
            }
        }
    }

    private func opened() throws -> DatabaseQueue {
        try connection.withLock { connection in
            if let connection { return connection }
            let opened = try Self.open(path, label: "ledger-reader")
            connection = opened
            return opened
        }
    }
}
