internal import ArgumentParser
internal import LedgerStorage
internal import Notifier

/// How commands open the state that a configuration names, with or without a running daemon.
extension Configuration {
    /// Enters the state directory, or ends the program with the reason.
    ///
    /// - Parameter use: says whether a missing directory is made.
    /// - Returns: whether the directory exists.
    /// - Throws: `ExitCode`.
    func enterState(for use: StateDirectory.Use = .looking) throws -> Bool {
        do { return try StateDirectory.enter(stateDirectory, for: use) } catch {
            throw ExitStatus.cannotCreate.saying("\(error)")
        }
    }

    /// Runs a command on the ledger; an error ends the program with its sentence.
    func withLedger<Value>(_ body: (Ledger) async throws(LedgerError) -> Value) async throws -> Value {
        guard try enterState() else {
            throw ExitStatus.cannotCreate.saying(
                "There is no ledger: \(stateDirectory) does not exist; the daemon's first start makes it."
            )
        }
        do throws(LedgerError) {
            return try await body(try await Ledger.openForCommand(in: stateDirectory))
        } catch {
            throw DaemonError(error).status.saying(error.description)
        }
    }
}

extension Ledger {
    /// Opens the ledger for a command; standard error gets a line when carrying it over takes longer than a moment.
    static func openForCommand(in directory: String) async throws(LedgerError) -> Ledger {
        let pace = CarryOverReport.Pace(first: .seconds(2))
        return try await open(directory: directory, access: .command, version: BuildInformation.version) { news in
            guard case .carried(let done, of: let rows) = news, pace.isDue() else { return }
            StandardOutput.printError("The ledger is being carried over to this version: \(done) of \(rows) rows.")
        }
    }
}
