/// The result of one check.
struct DoctorFinding: Sendable, Equatable {
    /// How bad it is.
    enum Grade: String, Sendable {
        /// As it should be.
        case ok = "ok"
        /// Works, but somebody should know.
        case warning = "warn"
        /// Does not work.
        case failure = "FAIL"
        /// Not checked, because an earlier step failed.
        case skipped = "skip"
    }

    /// The part that was checked, such as `session` or `proxy`.
    var step: String
    /// How bad it is.
    var grade: Grade
    /// What was checked and what came back.
    var found: String
    /// What to do about it; nil for nothing.
    var advice: String?

    static func ok(_ step: String, _ found: String) -> DoctorFinding {
        DoctorFinding(step: step, grade: .ok, found: found)
    }

    static func warning(_ step: String, _ found: String, _ advice: String) -> DoctorFinding {
        DoctorFinding(step: step, grade: .warning, found: found, advice: advice)
    }

    static func failure(_ step: String, _ found: String, _ advice: String) -> DoctorFinding {
        DoctorFinding(step: step, grade: .failure, found: found, advice: advice)
    }

    static func skipped(_ step: String, because found: String) -> DoctorFinding {
        DoctorFinding(step: step, grade: .skipped, found: found)
    }

    /// The finding on one line, and the advice on another.
    var lines: [String] {
        let head = "\(grade.rawValue.padding(to: 4))  \(step.padding(to: 14))  \(found)"
        return advice.map { [head, "\(String(repeating: " ", count: 22))→ \($0)"] } ?? [head]
    }
}
