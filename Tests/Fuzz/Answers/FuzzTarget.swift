#if FUZZING || DEBUG
import Glibc

/// The targets by name, and the one that FUZZ_TARGET names.
enum FuzzTarget {
    /// What each target checks.
    static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "answers-tokens": TokenCheck.reply,
        "answers-challenge": ChallengeCheck.header,
        "answers-server": ServerCheck.metadata,
        "answers-client": ClientCheck.metadata,
        "answers-identity": IdentityCheck.document,
        "answers-error": ErrorCheck.answer,
    ]

    /// Checks one input.
    static let check: @Sendable ([UInt8]) -> Void = {
        let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let check = all[name] else {
            print("FUZZ_TARGET must be one of \(all.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        return check
    }()

    /// Ends the process when what always holds does not.
    static func require(_ condition: Bool) { if !condition { abort() } }

    /// What an operator reads has a bound, whatever a server wrote.
    static func requireSentence(_ text: String) { require(!text.isEmpty && text.count <= 1000) }
}
#endif
