internal import Glibc
internal import Synchronization

/// What a command prints for its user; written at once, so that a program at the other end of a pipe sees it.
///
/// Much of it comes from strangers, and it is read in a terminal: nothing in it can steer that.
enum StandardOutput {
    /// The system's first objection to what was written to standard output, by its number.
    private static let objection = Mutex<Int32?>(nil)

    /// Writes a line to standard output.
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Writes what somebody is to type behind, to standard error.
    static func printPrompt(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes bytes to standard output as they are: for a file or a program, never for a terminal.
    static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// The status of a command that would end with this one: another when what it printed could not be written.
    ///
    /// A reader that went away has read enough; what was asked for is done all the same.
    static func status(instead status: ExitStatus) -> ExitStatus {
        guard status == .success, let number = objection.withLock({ $0 }), number != EPIPE else { return status }
        printError("Standard output cannot be written: \(unsafe String(cString: strerror(number))).")
        return .inputOutput
    }

    /// Whether everything that was printed so far could be written: not to a full disk, nor to a reader that went away.
    static var isRead: Bool { objection.withLock { $0 } == nil }

    private static func write(_ text: String, to descriptor: Int32) {
        write(EscapedText.shown(Instance.addressed(text)), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            let number = errno
            guard count > 0 || number == EINTR else {
                if descriptor == STDOUT_FILENO { objection.withLock { $0 = $0 ?? number } }
                return
            }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
