internal import ArgumentParser

extension ExitStatus {
    /// Ends a command with this status.
    var code: ExitCode { ExitCode(rawValue) }

    /// Ends a command with this status, after a sentence on standard error.
    func saying(_ sentence: String) -> ExitCode {
        StandardOutput.printError(sentence)
        return code
    }
}
