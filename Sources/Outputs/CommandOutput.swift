package import ATProtocol
internal import CLinux
internal import Glibc

/// Runs a program for each notification, which it reads as JSON from its standard input; no shell is involved.
///
/// The program gets the daemon's standard output and standard error, a small environment and nothing else that is open here.
package struct CommandOutput: OutputChannel {
    let arguments: [String]
    /// The variables, each as `NAME=value`, of which ``CommandEnvironment`` hands some on.
    let variables: [String]

    /// A program that runs longer is killed.
    static let timeout = 30.0

    /// A command, its program first; `variables` are those of this process unless given.
    package init(arguments: [String], variables: [String] = CommandEnvironment.current()) {
        self.arguments = arguments
        self.variables = variables
    }

    package func deliver(_ notification: JSONValue) async throws {
        let input = notification.encoded
        try await FileOutput.blocking { try run(input) }
    }

    private func run(_ input: [UInt8]) throws {
        guard let program = arguments.first else { throw OutputError(detail: "the command is empty") }
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw OutputError(detail: "no pipe for \(program)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        // Libraries open files and sockets that are not closed by themselves when a program is started.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        // This thread's mask and SIGPIPE's neglect are ours: a program that inherits them cannot be ended, and ends nothing.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let environment = unsafe CommandEnvironment.selection(of: variables).map { unsafe strdup($0) } + [nil]
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        let status = unsafe posix_spawnp(&child, program, &actions, &attributes, words, environment)
        guard status == 0 else {
            close(ends[0])
            close(ends[1])
            throw OutputError(detail: "\(program): \(unsafe String(cString: strerror(status)))")
        }
        // A notification is smaller than a pipe's buffer, so this never waits for the program; our own reading end stays
        // open meanwhile, so that a program that ended at once raises no SIGPIPE here.
        _ = unsafe write(ends[1], input, input.count)
        close(ends[0])
        close(ends[1])
        try wait(for: child, program)
    }

    private func wait(for child: pid_t, _ program: String) throws {
        var status: Int32 = 0
        for _ in 0..<Int(Self.timeout / 0.01) {
            if unsafe waitpid(child, &status, WNOHANG) == child {
                guard status == 0 else { throw OutputError(detail: "\(program) ended with status \(status >> 8)") }
                return
            }
            usleep(10_000)
        }
        kill(child, SIGKILL)
        unsafe waitpid(child, &status, 0)
        throw OutputError(detail: "\(program) was killed after \(Int(Self.timeout)) s")
    }
}
