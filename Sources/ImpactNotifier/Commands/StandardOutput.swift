internal import Glibc

/// What a command prints for its user; written at once, so that a program at the other end of a pipe sees it.
///
/// Much of it comes from strangers, and it is read in a terminal: nothing in it can steer that.
enum StandardOutput {
    /// Writes a line to standard output.
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = EscapedText.shown(Instance.addressed(text))[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // A reader that went away wants no more; there is nobody to tell.
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
