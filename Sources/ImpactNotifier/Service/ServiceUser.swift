internal import CLinux
internal import Glibc

/// The user that the daemon runs as; root takes its place before it touches the state, so that no file there is root's.
enum ServiceUser {
    /// The user that the package makes (`sysusers.d`).
    static let name = "impact-notifier"

    /// A user's number, and the number of its main group.
    struct Identity: Equatable {
        var user: uid_t
        var group: gid_t
    }

    /// The identity of the package's user; nil on a system that does not have it.
    static var installed: Identity? {
        unsafe getpwnam(name).map { unsafe Identity(user: $0.pointee.pw_uid, group: $0.pointee.pw_gid) }
    }

    /// A user's name; the number where it has none.
    static func name(of user: uid_t) -> String {
        unsafe getpwuid(user).map { unsafe String(cString: $0.pointee.pw_name) } ?? "\(user)"
    }

    private static func folder(of file: String) -> stat? {
        var folder = stat()
        let parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = parts.isEmpty ? "." : parts.joined(separator: "/") + "/"
        return unsafe stat(path, &folder) == 0 ? folder : nil
    }

    /// Whose folder a file is in, or would be in; nil when there is no such folder.
    static func owner(ofFolderOf file: String) -> Identity? {
        folder(of: file).map { Identity(user: $0.st_uid, group: $0.st_gid) }
    }

    /// Lets the group of a file's directory read the file, when root has made it: a secret that the daemon is to use.
    static func share(_ file: String) {
        // In a folder that others may write to, the file may have become something else by now.
        guard geteuid() == 0, let folder = folder(of: file), folder.st_gid != 0, folder.st_uid == 0,
            folder.st_mode & 0o022 == 0
        else { return }
        guard unsafe lchown(file, 0, folder.st_gid) == 0 else { return }
        _ = unsafe chmod(file, 0o640)
    }

    /// Gives the process the program's name, by which `reload` and the journal know it: a program that ``become(_:)`` has
    /// started is called `exe` otherwise.
    static func nameProcess() {
        unsafe name.withCString { _ = shim_prctl(PR_SET_NAME, UInt(bitPattern: $0)) }
    }

    /// Starts this program anew as another user, with that user's groups and the same arguments, in place of this process,
    /// which is root's.
    ///
    /// To change the user of a process that has threads would leave some of them root's: libdispatch's main thread, which
    /// is about to exit for ever, is passed over. A new program has none yet. It keeps the environment, and of what is open
    /// only 0 to 2: a descriptor may reach what root alone may.
    ///
    /// - Parameter identity: the group counts where the user has no entry in the password file, as in a container.
    /// - Returns: what the system objects to; not at all when it does not.
    static func become(_ identity: Identity) -> String {
        let user = unsafe getpwuid(identity.user)
        var group = unsafe user?.pointee.pw_gid ?? identity.group
        let joined =
            if let user = unsafe user { unsafe initgroups(user.pointee.pw_name, group) } else {
                unsafe setgroups(1, &group)
            }
        guard joined == 0, setgid(group) == 0, setuid(identity.user) == 0 else {
            return unsafe String(cString: strerror(errno))
        }
        // Threads of libdispatch block all signals, and a program inherits that.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        // A kernel before 5.11 does not know how; then what was opened to be inherited still is.
        _ = close_range(3, .max, shim_CLOSE_RANGE_CLOEXEC)
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv("/proc/self/exe", &arguments)
        return unsafe String(cString: strerror(errno))
    }
}
