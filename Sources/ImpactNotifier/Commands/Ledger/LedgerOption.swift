internal import ArgumentParser
internal import Notifier

/// Opens the ledger that the configuration names, beside a running daemon or without one.
struct LedgerOption: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOption

    /// Runs a command on the ledger; its errors end the program with their sentence.
    func withLedger(_ body: (Notifier.Ledger) async throws(LedgerError) -> Void) async throws {
        let loaded = try configuration.load().configuration
        do throws(LedgerError) {
            try await body(try await Notifier.Ledger.open(directory: loaded.stateDirectory, access: .command))
        } catch {
            StandardOutput.printError(error.description)
            throw ExitCode(DaemonFailure(error).status.rawValue)
        }
    }
}
