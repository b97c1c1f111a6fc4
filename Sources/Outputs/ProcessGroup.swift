internal import CLinux
internal import Glibc
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
    /// - Parameter spawn: starts it with these attributes.
    /// - Returns: what `spawn` returned: 0, or an error number.
    func start(_ spawn: (_ child: inout pid_t, _ attributes: inout posix_spawnattr_t) -> Int32) -> Int32 {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // This thread's mask and SIGPIPE's neglect are ours: a program that inherits them cannot be ended, and ends nothing.
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        // What ends is to be waited for, whatever whoever started this process thought of it.
        signal(SIGCHLD, SIG_DFL)
        guard !state.withLock({ $0.isKilled }) else { return ECANCELED }
        var child: pid_t = 0
        // This may take for ever: a program may lie on a file system that does not answer.
        let status = spawn(&child, &attributes)
        guard status == 0 else { return status }
        state.withLock { state in
            state.leader = child
            if state.isKilled { Glibc.kill(-child, SIGKILL) }
        }
        return 0
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
