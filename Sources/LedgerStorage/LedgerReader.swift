internal import Dispatch
package import GRDB
internal import Synchronization

/// Reads the ledger on a connection and a queue of its own: it neither waits for the daemon's work nor holds it up.
///
/// A disk that hangs holds up this queue alone; who asks must be able to do without an answer.
package final class LedgerReader: Sendable {
    private let path: String
    private let writer: String?
    private let queue = DispatchQueue(label: "impact-notifier.ledger-reader")
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(path: String, writer: String?) {
        self.path = path
        self.writer = writer
    }

    /// A connection that writes nothing.
    static func open(_ path: String, label: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = label
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Reads, and tells what was read on the queue of its own.
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
