internal import CLinux
internal import Glibc

/// Starts a detached POSIX thread for code that blocks; the cooperative pool has few threads, which all tasks share.
public enum PlainThread {
    private final class Body {
        let name: String?
        let run: @Sendable () -> Void

        init(_ name: String?, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }

        func begin() {
            if let name { unsafe pthread_setname_np(pthread_self(), name) }
            var signals = sigset_t()
            unsafe sigemptyset(&signals)
            unsafe sigaddset(&signals, SIGPIPE)
            unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
            run()
        }
    }

    /// Runs the body on a new thread with `SIGPIPE` blocked, so that a write to a closed connection returns an error.
    ///
    /// - Parameters:
    ///   - name: shown by the system, at most 15 bytes; nil for the program's name.
    ///   - body: runs on the thread, which ends with it.
    /// - Returns: 0, or the system's error number when it has no thread left.
    public static func start(name: String? = nil, _ body: @escaping @Sendable () -> Void) -> Int32 {
        let box = unsafe Unmanaged.passRetained(Body(name, body))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().begin()
                }
                return nil
            },
            box.toOpaque()
        )
        if result == 0 { pthread_detach(thread) } else { unsafe box.release() }
        return result
    }
}
