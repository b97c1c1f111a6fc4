internal import Glibc
internal import Network
internal import Synchronization

/// A program and the child processes in its group, which all end with the program.
final class ProcessGroup: Sendable {
    enum Ending {
        case exited(Int32)
        case signalled(Int32)
    }

    private struct State {
        /// The process number of the program and its group; nil before the start and after the end.
        var leader: pid_t?
        var isKilled = false
    }

    private let state = Mutex(State())

    /// Starts the program, unless it was killed before.
    ///
    /// - Parameter spawn: starts it as the leader of a process group, and returns its number.
    /// - Throws: what `spawn` throws.
    func start(_ spawn: () throws(SystemError) -> Int32) throws(SystemError) {
        // An ignored SIGCHLD, perhaps inherited, would prevent waiting for the program.
        signal(SIGCHLD, SIG_DFL)
        guard !state.withLock({ $0.isKilled }) else { throw SystemError(ECANCELED) }
        // This may block for ever, when the program is on a file system that does not answer.
        let child = try spawn()
        state.withLock { state in
            state.leader = child
            if state.isKilled { Glibc.kill(-child, SIGKILL) }
        }
    }

    /// How the program ended, after the rest of its group was killed; nil while it runs, because it does not wait.
    func ending() -> Ending? {
        state.withLock { state in
            guard let leader = state.leader else { return .signalled(SIGKILL) }
            // The number is not reused before it has been waited for.
            var info = unsafe siginfo_t()
            let status = unsafe waitid(P_PID, id_t(leader), &info, WEXITED | WNOHANG | WNOWAIT)
            guard status == 0, unsafe info.si_signo != 0 else { return nil }
            Glibc.kill(-leader, SIGKILL)
            var code: Int32 = 0
            unsafe waitpid(leader, &code, WNOHANG)
            state.leader = nil
            return code & 0x7f == 0 ? .exited(code >> 8 & 0xff) : .signalled(code & 0x7f)
        }
    }

    /// Kills the whole group without waiting.
    func kill() {
        state.withLock { state in
            state.isKilled = true
            if let leader = state.leader { Glibc.kill(-leader, SIGKILL) }
        }
    }
}
