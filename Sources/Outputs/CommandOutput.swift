package import ATProtocol
internal import Glibc
internal import Network

/// Runs a program for each notification, with the notification as JSON on its standard input; uses no shell.
///
/// The program gets a small environment and no open descriptors of ours. Its standard output is discarded; the end of
/// its standard error is reported when it fails. Its child processes end with it.
package struct CommandOutput: OutputChannel {
    let arguments: [String]
    /// The variables, each as `NAME=value`, from which ``CommandEnvironment`` selects some.
    let variables: [String]

    /// The time after which a program is killed.
    private static let timeout = Duration.seconds(30)
    /// How long to wait for a killed program; one that changed its user may not be killable, and is left alone.
    private static let killPatience = Duration.seconds(5)
    /// How many bytes of its standard error are reported.
    private static let longestComplaint = 300

    /// Runs a command, whose first element is the program; `variables` are those of this process by default.
    package init(arguments: [String], variables: [String] = CommandEnvironment.current()) {
        self.arguments = arguments
        self.variables = variables
    }

    package func deliver(_ notification: JSONValue) async throws {
        let input = notification.encoded
        let group = ProcessGroup()
        try await withTaskCancellationHandler {
            try await FileOutput.blocking { try run(input, in: group) }
        } onCancel: {
            group.kill()
        }
    }

    private func run(_ input: [UInt8], in group: ProcessGroup) throws {
        guard let program = arguments.first else { throw OutputError(detail: "the command is empty") }
        guard let standardError = Pipe() else { throw OutputError(detail: "no pipe for \(program)") }
        _ = fcntl(standardError.output.rawValue, F_SETFL, O_NONBLOCK)
        try start(program, in: group, reading: input, writing: standardError.input)
        var complaint: [UInt8] = []
        let deadline = ContinuousClock.now + Self.timeout
        var isKilled = false
        while ContinuousClock.now < deadline + Self.killPatience {
            let ending = group.ending()
            complaint = (complaint + Self.read(standardError.output)).suffix(Self.longestComplaint)
            switch ending {
            case _? where isKilled: throw failure(program, "was killed after \(Self.timeout.wholeSeconds) s", complaint)
            case .exited(0): return
            case .exited(let status): throw failure(program, "ended with status \(status)", complaint)
            case .signalled(let signal): throw failure(program, "was ended by signal \(signal)", complaint)
            case nil:
                if !isKilled, ContinuousClock.now >= deadline {
                    group.kill()
                    isKilled = true
                }
                usleep(10_000)
            }
        }
        throw failure(program, "cannot be ended", complaint)
    }

    private func failure(_ program: String, _ end: String, _ complaint: [UInt8]) -> OutputError {
        let words = String(decoding: complaint, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(
            separator: " "
        )
        return OutputError(detail: "\(program) \(end)\(words.isEmpty ? "" : ": \(words)")")
    }

    private func start(
        _ program: String,
        in group: ProcessGroup,
        reading input: [UInt8],
        writing standardError: borrowing Descriptor
    ) throws {
        guard let standardInput = Pipe() else { throw OutputError(detail: "no pipe for \(program)") }
        do throws(SystemError) {
            try group.start { () throws(SystemError) in
                try ChildProgram.start(
                    arguments,
                    environment: CommandEnvironment.selection(of: variables),
                    standard: [
                        .descriptor(standardInput.output.rawValue), .file("/dev/null"),
                        .descriptor(standardError.rawValue),
                    ]
                )
            }
        } catch {
            throw OutputError(detail: "\(program): \(error)")
        }
        // A notification fits into a pipe's buffer, so this never waits for the program. Our own reading end stays
        // open, so that a program that has already ended raises no SIGPIPE here.
        _ = unsafe write(standardInput.input.rawValue, input, input.count)
    }

    /// Reads what is available now.
    private static func read(_ descriptor: borrowing Descriptor) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe Glibc.read(descriptor.rawValue, &buffer, buffer.count)
        return Array(buffer.prefix(max(0, count)))
    }
}
