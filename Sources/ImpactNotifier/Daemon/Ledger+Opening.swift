internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier

/// How the daemon opens the ledger.
extension Ledger {
    /// Opens the ledger for the daemon; reports the carry-over of an older ledger to the log and the service manager.
    static func open(in directory: String, telling report: CarryOverReport) async throws(LedgerError) -> Ledger {
        try await open(
            directory: directory,
            access: .daemon,
            version: BuildInformation.version,
            progress: { report.tell($0) },
            waiting: { [logger = Logger(label: "ledger")] holder, waited in
                let metadata: Logger.Metadata = [
                    "holder": "\(holder)", "waited_s": .stringConvertible(waited.wholeSeconds),
                ]
                logger.warning("another process has locked the ledger; end it, or wait for it", metadata: metadata)
            }
        )
    }
}
