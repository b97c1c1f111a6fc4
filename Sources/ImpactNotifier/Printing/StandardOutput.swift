internal import Glibc
internal import Network
internal import Synchronization

/// What a command prints for its user; written at once, so that a program at the other end of a pipe sees it.
///
/// Much of it comes from strangers and is read in a terminal, so everything that could control a terminal is escaped.
enum StandardOutput {
    /// The number of the first error of a write to standard output.
    private static let objection = Mutex<Int32?>(nil)

    /// Writes a line to standard output.
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Writes a prompt to standard error.
    static func printPrompt(_ text: String) { write(text, to: STDERR_FILENO) }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes bytes to standard output unchanged, for a file or a program, never for a terminal.
    static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// The exit status of a command that would end with this one, but may not have been able to print everything.
    ///
    /// A reader that went away has read enough, and is no error: what was asked for is done.
    static func status(instead status: ExitStatus) -> ExitStatus {
        guard status == .success, let number = objection.withLock({ $0 }), number != EPIPE else { return status }
        printError("Standard output cannot be written: \(unsafe String(cString: strerror(number))).")
        return .inputOutput
    }

    /// Whether everything could be printed so far: no full disk, no reader that went away.
    static var isRead: Bool { objection.withLock { $0 } == nil }

    private static func write(_ text: String, to descriptor: Int32) {
        write(EscapedText.shown(Instance.addressed(text)), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        do throws(SystemError) { try Descriptor.write(bytes, to: descriptor) } catch {
            if descriptor == STDOUT_FILENO { objection.withLock { $0 = $0 ?? error.number } }
        }
    }
}
