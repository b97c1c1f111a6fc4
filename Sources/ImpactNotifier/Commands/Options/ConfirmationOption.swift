internal import ArgumentParser
internal import Glibc

/// The option `--yes`, and the question that commands ask before they change much at once.
struct ConfirmationOption: ParsableArguments {
    @Flag(help: "Do it without asking; needed without a terminal.") var yes = false

    /// Shows what would be done, and asks for consent.
    ///
    /// - Parameter plan: what would be done, one line each.
    /// - Throws: `ExitCode` without consent.
    func confirm(_ plan: [String]) throws {
        guard !yes else { return }
        for line in plan { StandardOutput.printError(line) }
        guard isatty(STDIN_FILENO) == 1 else {
            throw ExitStatus.usage.saying("Nothing was done, for nobody can be asked here: --yes does it.")
        }
        StandardOutput.printError("Type 'yes' to do it:")
        let answer = readLine()?.filter { !$0.isWhitespace }.lowercased()
        guard answer == "yes" || answer == "y" else {
            throw ExitStatus.failure.saying("Nothing was done.")
        }
    }
}
