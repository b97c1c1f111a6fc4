/// Why no message could be sent with a session just now.
package struct SendObstacle: Sendable, Equatable, CustomStringConvertible {
    /// One clause: what stands in the way, with the stable reason in parentheses.
    package let clause: String
    /// The command that helps, or that tells more where waiting is all that helps; never the one that shows this.
    package let remedy: String

    /// The clause and the command, on one line.
    package var description: String { "\(clause); run '\(remedy)'" }

    init(_ clause: String, remedy: String?) {
        self.clause = clause
        self.remedy = remedy ?? "impact-notifier doctor"
    }
}
