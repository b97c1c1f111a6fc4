/// Why no message can be sent with a session now.
package struct SendObstacle: Sendable, Equatable, CustomStringConvertible {
    /// The obstacle as a clause, with its stable reason in parentheses.
    package let clause: String
    /// The command that helps, or that tells more if one can only wait; never the command that shows this text.
    package let remedy: String

    /// The clause and the command on one line.
    package var description: String { "\(clause); run '\(remedy)'" }

    init(_ clause: String, remedy: String?) {
        self.clause = clause
        self.remedy = remedy ?? "impact-notifier doctor"
    }
}
