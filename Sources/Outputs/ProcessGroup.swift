internal import Glibc
internal import Network
internal import Synchronization

/// A program and whatever it starts, unless that leaves the group; all of it ends with the program.
final class ProcessGroup: Sendable {
    /// How a program ended.
    enum Ending {
        case exited(Int32)
        case signalled(Int32)
    }

    private struct State {
        /// Its number, which is the group's, too; nil before it is started and after its end.
        var leader: pid_t?
        var isKilled = false
    }

    private let state = Mutex(State())

    /// Starts the program; not at all when it was killed before.
    ///
    /// - Parameter spawn: starts it as the leader of a group, and gives its number.
    /// - Throws: what `spawn` throws.
    func start(_ spawn: () throws(ChildProgram.Failure) -> Int32) throws(ChildProgram.Failure) {
        // What ends is to be waited for, whatever whoever started this process thought of it.
        signal(SIGCHLD, SIG_DFL)
        guard !state.withLock({ $0.isKilled }) else { throw ChildProgram.Failure(number: ECANCELED) }
        // This may take for ever: a program may lie on a file system that does not answer.
        let child = try spawn()
        state.withLock { state in
            state.leader = child
            if state.isKilled { Glibc.kill(-child, SIGKILL) }
        }
    }

    /// How the program ended, with what it left behind; nil while it runs, for it never waits.
    func ending() -> Ending? {
        state.withLock { state in
            guard let leader = state.leader else { return .signalled(SIGKILL) }
            // Its number is nobody else's as long as it was not waited for.
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

    /// Has all of it end, and does not wait for that.
    func kill() {
        state.withLock { state in
            state.isKilled = true
            if let leader = state.leader { Glibc.kill(-leader, SIGKILL) }
        }
    }
}
