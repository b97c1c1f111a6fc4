/// Why `init` refuses an answer or cannot go on: a sentence, and the exit status.
struct SetupError: Error, Equatable, CustomStringConvertible {
    let description: String
    let status: ExitStatus

    init(_ description: String, _ status: ExitStatus = .usage) {
        self.description = description
        self.status = status
    }
}
