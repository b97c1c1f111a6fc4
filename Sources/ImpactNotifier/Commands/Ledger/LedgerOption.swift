internal import ArgumentParser
internal import LedgerStorage
internal import Notifier

/// The configuration of a command that works on the ledger.
struct LedgerOption: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOption

    /// Runs a command on the ledger; its errors end the program with their sentence.
    func withLedger<Value>(_ body: (Notifier.Ledger) async throws(LedgerError) -> Value) async throws -> Value {
        try await configuration.load().configuration.withLedger(body)
    }
}
