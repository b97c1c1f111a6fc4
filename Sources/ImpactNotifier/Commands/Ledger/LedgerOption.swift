internal import ArgumentParser
internal import LedgerStorage
internal import Notifier

/// The configuration option of commands that work on the ledger.
struct LedgerOption: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOption

    /// Runs a command on the ledger; an error ends the program with its sentence.
    func withLedger<Value>(_ body: (Notifier.Ledger) async throws(LedgerError) -> Value) async throws -> Value {
        try await configuration.load().configuration.withLedger(body)
    }
}
