package import ATProtocol
internal import Glibc
internal import Network

/// Runs a program for each notification, which it reads as JSON from its standard input; no shell is involved.
///
/// The program gets a small environment and nothing that is open here. What it writes to its standard output goes nowhere, and
/// the end of what it writes to its standard error is said when it fails. Whatever it started is ended with it.
package struct CommandOutput: OutputChannel {
    let arguments: [String]
    /// The variables, each as `NAME=value`, of which ``CommandEnvironment`` hands some on.
    let variables: [String]

    /// A program that runs longer is killed.
    private static let timeout = Duration.seconds(30)
    /// One that is still there so long after it was killed, for it became another user's, is left alone.
    private static let killPatience = Duration.seconds(5)
    /// So much of what it writes to its standard error is said, in bytes.
    private static let longestComplaint = 300

    /// A command, its program first; `variables` are those of this process unless given.
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
        do throws(ChildProgram.Failure) {
            try group.start { () throws(ChildProgram.Failure) in
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
        // A notification is smaller than a pipe's buffer, so this never waits for the program; our own reading end stays
        // open meanwhile, so that a program that ended at once raises no SIGPIPE here.
        _ = unsafe write(standardInput.input.rawValue, input, input.count)
    }

    /// What can be read now.
    private static func read(_ descriptor: borrowing Descriptor) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe Glibc.read(descriptor.rawValue, &buffer, buffer.count)
        return Array(buffer.prefix(max(0, count)))
    }
}
