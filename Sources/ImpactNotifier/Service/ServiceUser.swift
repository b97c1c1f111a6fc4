internal import CLinux
internal import Glibc

/// The user of the daemon; root becomes this user before it touches the state, so that no file there belongs to root.
enum ServiceUser {
    /// The user that the package makes (`sysusers.d`).
    static let name = "impact-notifier"

    /// The numbers of a user and of its main group.
    struct Identity: Equatable {
        var user: uid_t
        var group: gid_t
    }

    /// The identity of the package's user; nil on a system without it.
    static var installed: Identity? {
        unsafe getpwnam(name).map { unsafe Identity(user: $0.pointee.pw_uid, group: $0.pointee.pw_gid) }
    }

    /// A user's name; the number if it has none.
    static func name(of user: uid_t) -> String {
        unsafe getpwuid(user).map { unsafe String(cString: $0.pointee.pw_name) } ?? "\(user)"
    }

    private static func folder(of file: String) -> stat? {
        var folder = stat()
        let parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = parts.isEmpty ? "." : parts.joined(separator: "/") + "/"
        return unsafe stat(path, &folder) == 0 ? folder : nil
    }

    /// The owner of the folder of a file; nil when the folder does not exist.
    static func owner(ofFolderOf file: String) -> Identity? {
        folder(of: file).map { Identity(user: $0.st_uid, group: $0.st_gid) }
    }

    /// Lets the group of a file's folder read the file, if root made the folder: a secret for the daemon.
    static func share(_ file: String) {
        // In a folder that others may write to, the file may have become something else by now.
        guard geteuid() == 0, let folder = folder(of: file), folder.st_gid != 0, folder.st_uid == 0,
            folder.st_mode & 0o022 == 0
        else { return }
        guard unsafe lchown(file, 0, folder.st_gid) == 0 else { return }
        _ = unsafe chmod(file, 0o640)
    }

    /// Gives the process the program's name, by which `reload` and the journal know it.
    ///
    /// Otherwise a program that ``become(_:)`` has started is called `exe`.
    static func nameProcess() {
        unsafe name.withCString { _ = shim_prctl(PR_SET_NAME, UInt(bitPattern: $0)) }
    }

    /// Replaces this process of root's by this program as another user, with that user's groups and the same arguments.
    ///
    /// Changing the user of a process with threads would leave some threads to root: libdispatch's main thread, which
    /// is about to exit for ever, is not changed. A new program has no threads yet. It keeps the environment, and of
    /// the open descriptors only 0 to 2, because others may reach what only root may.
    ///
    /// - Parameter identity: the user; its group counts if the user has no entry in the password file, as in a
    ///   container.
    /// - Returns: what the system objects to; does not return otherwise.
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
        // Threads of libdispatch block all signals, and a program would inherit that.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        // A kernel before 5.11 does not support it; then descriptors that were opened to be inherited still are.
        _ = close_range(3, .max, shim_CLOSE_RANGE_CLOEXEC)
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv("/proc/self/exe", &arguments)
        return unsafe String(cString: strerror(errno))
    }
}
