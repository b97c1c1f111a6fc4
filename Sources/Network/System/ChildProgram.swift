internal import CLinux
internal import Glibc

/// Starts child programs that inherit only what they are given.
package enum ChildProgram {
    /// Where one of the descriptors 0 to 2 leads.
    package enum Standard {
        /// A file, opened for reading and writing.
        case file(String)
        /// A copy of this descriptor; a lower one of 0 to 2 means the child's own.
        case descriptor(Int32)
    }

    /// The process group of a program, which decides whose Ctrl-C ends it.
    package enum Group {
        /// A group of its own: no terminal's Ctrl-C reaches it.
        case own
        /// A session of its own: its terminal is the first that it opens.
        case session
        /// The group of this process: it may also read from its terminal.
        case shared
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments; a program without a slash is searched for in `PATH`.
    ///   - environment: the variables, each as `NAME=value`.
    ///   - standard: where its descriptors 0, 1 and 2 lead; it gets no others.
    ///   - group: its process group.
    /// - Returns: its process number, which is also its group's number, unless the group is shared.
    /// - Throws: ``SystemError``.
    package static func start(
        _ command: [String],
        environment: [String],
        standard: [Standard],
        group: Group = .own
    ) throws(SystemError) -> Int32 {
        guard let program = command.first else { throw SystemError(ENOENT) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, standard) in standard.enumerated() {
            switch standard {
            case .file(let path):
                unsafe posix_spawn_file_actions_addopen(&actions, Int32(number), path, O_RDWR, 0)
            case .descriptor(let descriptor):
                unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
            }
        }
        // Libraries open files and sockets without the close-on-exec flag.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        // Threads of libdispatch block all signals, and this process ignores some. A child that inherited that could
        // not be ended, and could not end its own children.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let leads: Int32 =
            switch group {
            case .own: POSIX_SPAWN_SETPGROUP
            case .session: shim_POSIX_SPAWN_SETSID
            case .shared: 0
            }
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | leads
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = unsafe command.map { unsafe strdup($0) } + [nil]
        let variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let status = unsafe posix_spawnp(&process, program, &actions, &attributes, words, variables)
        guard status == 0 else { throw SystemError(status) }
        return process
    }
}
