#if FUZZING || DEBUG
import FuzzDriver

/// The targets by name.
enum FuzzTarget {
    /// What each target checks.
    static let all: [String: FuzzDriver.Check] = [
        "answers-tokens": TokenCheck.reply,
        "answers-challenge": ChallengeCheck.header,
        "answers-server": ServerCheck.metadata,
        "answers-client": ClientCheck.metadata,
        "answers-identity": IdentityCheck.document,
        "answers-error": ErrorCheck.answer,
    ]

    /// What an operator reads has a bound, whatever a server wrote.
    static func requireSentence(_ text: String) { require(!text.isEmpty && text.count <= 1000) }
}
#endif
