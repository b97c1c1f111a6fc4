internal import CLinux
internal import Glibc
internal import Network
internal import Synchronization

/// A program that was started, with every line that it prints and the way in which it ended.
///
/// It dies with its last owner, so that no test leaves one behind for those that follow, and with this process: it is started
/// through `setpriv --pdeathsig KILL` where that is installed.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum Ending: Sendable, Equatable {
        /// By itself, with this status.
        case exited(Int32)
        /// By this signal.
        case signalled(Int32)
    }

    public let identifier: Int32
    private let follower: Follower
    private let terminal: PseudoTerminal?

    /// Starts a program; standard output and standard error are read together.
    ///
    /// - Parameters:
    ///   - path: of the program.
    ///   - arguments: without the program's own name.
    ///   - environment: all of it.
    ///   - copy: a file to which every line is appended, too; nil for none.
    ///   - hasTerminal: gives it a terminal of its own, on which ``type(_:)`` types; else its standard input is empty.
    /// - Throws: ``SandboxError`` when it cannot be started.
    public init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        copyingTo copy: String? = nil,
        hasTerminal: Bool = false
    ) throws(SandboxError) {
        let terminal = hasTerminal ? try PseudoTerminal() : nil
        var output: [Int32] = [-1, -1]
        var report: [Int32] = [-1, -1]
        guard unsafe pipe(&output) == 0, unsafe pipe(&report) == 0 else {
            throw SandboxError("no pipe: errno \(errno)")
        }
        defer { _ = close(report[0]) }
        let guardian = "/usr/bin/setpriv"
        let isGuarded = unsafe access(guardian, X_OK) == 0
        let command = (isGuarded ? [guardian, "--pdeathsig", "KILL", "--"] : []) + [path] + arguments
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let follower = Follower(copyingTo: copy)
        let (reader, writer, reporter) = (output[0], output[1], report[1])
        // prctl(2): the death signal comes when the *thread* that spawned ends, so it is the one that stays with the child.
        // It reads to the end before it asks for the status: who sees the ending has seen every line.
        let failure = PlainThread.start {
            var identifier = Self.spawn(command, variables, output: writer, terminal?.name) ?? -1
            _ = close(writer)
            _ = unsafe write(reporter, &identifier, 4)
            _ = close(reporter)
            if identifier > 0 {
                if let terminal { follower.read(terminal.output) }
                follower.read(reader)
                follower.finish()
                follower.reap(identifier)
            }
        }
        guard failure == 0 else { throw SandboxError("no thread left to start \(path)") }
        var identifier: Int32 = -1
        _ = unsafe Glibc.read(report[0], &identifier, 4)
        guard identifier > 0 else {
            _ = close(reader)
            throw SandboxError("cannot start \(path)")
        }
        self.identifier = identifier
        self.follower = follower
        self.terminal = terminal
    }

    deinit { signal(SIGKILL) }

    /// Types on its terminal: lines end with `\n`, and `\u{3}` is Ctrl-C.
    public func type(_ text: String) { terminal?.type(text) }

    private static func spawn(
        _ command: [String],
        _ environment: [String],
        output: Int32,
        _ terminal: String?
    ) -> Int32? {
        let others = ChildProgram.Standard.descriptor(terminal == nil ? output : 0)
        return try? ChildProgram.start(
            command,
            environment: environment,
            standard: [.file(terminal ?? "/dev/null"), others, others],
            group: terminal == nil ? .own : .session
        )
    }

    /// Everything that it has printed so far.
    public var output: [String] { follower.state.withLock(\.lines) }

    /// How it ended; nil while it runs.
    public var ending: Ending? { follower.state.withLock(\.ending) }

    /// Its lines, those of the past first; ends with the process.
    public func lines() -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        follower.state.withLock { state in
            for line in state.lines { continuation.yield(line) }
            guard !state.isDrained else { return continuation.finish() }
            state.number += 1
            state.lineListeners[state.number] = continuation
        }
        return stream
    }

    /// The first line that satisfies the predicate; nil when the process ended or the time was up before.
    public func line(within timeout: Duration, where isWanted: @escaping @Sendable (String) -> Bool) async -> String? {
        await lines().first(within: timeout, where: isWanted)
    }

    /// Sends a signal, unless it has ended.
    public func signal(_ number: Int32) {
        follower.state.withLock { if $0.ending == nil { kill(identifier, number) } }
    }

    /// Waits for the end; after the timeout it is killed.
    public func ended(within timeout: Duration) async -> Ending {
        let guardian = Task {
            try await Task.sleep(for: timeout)
            signal(SIGKILL)
        }
        defer { guardian.cancel() }
        return await withCheckedContinuation { continuation in
            let known = follower.state.withLock { state -> Ending? in
                if state.ending == nil { state.endListeners.append(continuation) }
                return state.ending
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
