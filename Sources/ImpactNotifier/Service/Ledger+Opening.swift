internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier

/// How daemon and commands open the ledger.
extension Ledger {
    /// Opens the ledger for the daemon; log and service manager learn how one of the version before is carried over.
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

    /// Opens the ledger for a command; standard error gets a line when carrying it over takes longer than a moment.
    static func openForCommand(in directory: String) async throws(LedgerError) -> Ledger {
        let pace = CarryOverReport.Pace(first: .seconds(2))
        return try await open(directory: directory, access: .command, version: BuildInformation.version) { news in
            guard case .carried(let done, of: let rows) = news, pace.isDue() else { return }
            StandardOutput.printError("The ledger is being carried over to this version: \(done) of \(rows) rows.")
        }
    }
}
