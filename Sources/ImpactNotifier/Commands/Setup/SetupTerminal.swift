internal import Dispatch
internal import Glibc
internal import Network
internal import Synchronization

/// The operator's terminal; texts go to standard error, so that standard output is free for `--print`.
final class SetupTerminal: Sendable {
    private struct State {
        /// The terminal's settings before it hid what is typed.
        var shown: termios?
        /// Whether another command handles Ctrl-C now.
        var isHandedOver = false
    }

    private let state = Mutex(State())

    /// Whether somebody can be asked.
    static var isThere: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Prints a line.
    func say(_ line: String) { StandardOutput.printError(line) }

    /// Asks, and waits for a line.
    ///
    /// - Returns: the line; nil when nothing more is typed.
    func ask(_ question: SetupQuestion) async -> String? {
        if question.isHidden { hide() }
        say("")
        for line in question.lines { say(line) }
        StandardOutput.printPrompt("> ")
        let line = await Self.aside { readLine() }
        if question.isHidden {
            show()
            // The end of the hidden line was not shown either.
            say("")
        }
        return line
    }

    /// From now on this command ignores Ctrl-C: files are written, and then another command has the terminal.
    func handOver() { state.withLock { $0.isHandedOver = true } }

    /// Ends the process after Ctrl-C.
    func interrupt() {
        guard !state.withLock(\.isHandedOver) else { return }
        show()
        // `exit` would wait for standard input, which a thread is still reading.
        _exit(128 + SIGINT)
    }

    /// Runs another command of this program in the same terminal.
    ///
    /// - Returns: its exit status; 128 plus the number of the signal that ended it.
    static func run(_ arguments: [String], environment: [String: String]) async throws(SystemError) -> Int32 {
        let process = try ChildProgram.start(
            ["/proc/self/exe"] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" },
            standard: [.descriptor(0), .descriptor(1), .descriptor(2)],
            group: .shared
        )
        return await aside {
            var status: Int32 = 0
            while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
            // wait(2): the low seven bits are the signal, the next byte is the status.
            return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
        }
    }

    /// Does blocking work on its own thread.
    private static func aside<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "setup-terminal").async { continuation.resume(returning: work()) }
        }
    }

    /// Makes the terminal hide what is typed.
    private func hide() {
        var settings = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
        state.withLock { [settings] in $0.shown = settings }
        settings.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    private func show() {
        let shown = state.withLock { state in
            defer { state.shown = nil }
            return state.shown
        }
        guard var settings = shown else { return }
        unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
}
