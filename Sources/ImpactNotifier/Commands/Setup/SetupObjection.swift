/// Why `init` does not take an answer, or does not go on: a sentence, and what the process ends with.
struct SetupObjection: Error, Equatable, CustomStringConvertible {
    let description: String
    let status: ExitStatus

    init(_ description: String, _ status: ExitStatus = .usage) {
        self.description = description
        self.status = status
    }
}
