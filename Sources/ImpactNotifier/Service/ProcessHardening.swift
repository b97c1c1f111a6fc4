internal import CLinux
internal import Glibc

/// What a process that holds credentials gives up before it reads the first one.
enum ProcessHardening {
    /// Makes new files private, prevents core dumps with tokens, and turns a broken pipe into an error code.
    ///
    /// `allowsInspection` keeps the process readable for its own user: for a debugger, and for the source lines of a
    /// crash that `$SWIFT_BACKTRACE` asks for, which are mere addresses otherwise. Under the unit nobody else is that
    /// user.
    static func apply(allowsInspection: Bool = wantsBacktrace) {
        umask(0o077)
        // 1, not 0: the kernel pipes a core to a handler whatever the limit, except for this one (core(5)).
        var none = rlimit(rlim_cur: 1, rlim_max: 1)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = shim_prctl(PR_SET_DUMPABLE, allowsInspection ? 1 : 0)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Whether the environment asks Swift's runtime for the source lines of a crash.
    static var wantsBacktrace: Bool {
        guard let settings = unsafe getenv("SWIFT_BACKTRACE").map({ unsafe String(cString: $0) }) else { return false }
        return settings.split(separator: ",").contains("enable=yes")
    }
}
