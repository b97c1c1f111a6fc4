internal import ArgumentParser
internal import Glibc

/// `--yes`, and the one question that commands ask before they do much at once.
struct ConfirmationOption: ParsableArguments {
    @Flag(help: "Do it without asking; needed without a terminal.") var yes = false

    /// Says what would be done, and asks for it.
    ///
    /// - Parameter plan: what would be done, a line each.
    /// - Throws: `ExitCode` when nobody said yes.
    func confirm(_ plan: [String]) throws {
        guard !yes else { return }
        for line in plan { StandardOutput.printError(line) }
        guard isatty(STDIN_FILENO) == 1 else {
            StandardOutput.printError("Nothing was done, for nobody can be asked here: --yes does it.")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        StandardOutput.printError("Type 'yes' to do it:")
        let answer = readLine()?.filter { !$0.isWhitespace }.lowercased()
        guard answer == "yes" || answer == "y" else {
            StandardOutput.printError("Nothing was done.")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }
}
