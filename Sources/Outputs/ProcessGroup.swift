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
        return state.withLock { state in
            guard !state.isKilled else { return ECANCELED }
            var child: pid_t = 0
            let status = spawn(&child, &attributes)
            if status == 0 { state.leader = child }
            return status
        }
    }

    /// How the program ended, and an end to what it left behind; nil while it runs.
    func ending() -> Ending? {
        state.withLock { state in
            guard let leader = state.leader else { return .signalled(SIGKILL) }
            // Its number is nobody else's as long as it was not waited for.
            var info = unsafe siginfo_t()
            let status = unsafe waitid(P_PID, id_t(leader), &info, WEXITED | WNOHANG | WNOWAIT)
            guard status == 0, unsafe info.si_signo != 0 else { return nil }
            return end(&state, leader)
        }
    }

    /// Ends all of it.
    func kill() {
        state.withLock { state in
            state.isKilled = true
            if let leader = state.leader { _ = end(&state, leader) }
        }
    }

    private func end(_ state: inout State, _ leader: pid_t) -> Ending {
        Glibc.kill(-leader, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(leader, &status, 0)
        state.leader = nil
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f)
    }
}
