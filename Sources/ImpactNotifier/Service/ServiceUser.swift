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

    /// Lets the group of a file's directory read the file, when root has made it: a secret that the daemon is to use.
    static func share(_ file: String) {
        var folder = stat()
        let parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = parts.isEmpty ? "." : parts.joined(separator: "/") + "/"
        // In a folder that others may write to, the file may have become something else by now.
        guard geteuid() == 0, unsafe stat(path, &folder) == 0, folder.st_gid != 0, folder.st_uid == 0,
            folder.st_mode & 0o022 == 0
        else { return }
        guard unsafe lchown(file, 0, folder.st_gid) == 0 else { return }
        _ = unsafe chmod(file, 0o640)
    }

    /// Makes this process, which is root's, another user's for good, with that user's groups.
    ///
    /// - Parameter identity: the group counts where the user has no entry in the password file, as in a container.
    /// - Returns: what the system objects to; nil when the process is that user's.
    static func become(_ identity: Identity) -> String? {
        // The kernel makes the process undumpable when its user changes; what was decided about that stays.
        let inspection = shim_prctl(PR_GET_DUMPABLE, 0)
        let user = unsafe getpwuid(identity.user)
        var group = unsafe user?.pointee.pw_gid ?? identity.group
        let joined =
            if let user = unsafe user { unsafe initgroups(user.pointee.pw_name, group) } else {
                unsafe setgroups(1, &group)
            }
        guard joined == 0, setgid(group) == 0, setuid(identity.user) == 0 else {
            return unsafe String(cString: strerror(errno))
        }
        _ = shim_prctl(PR_SET_DUMPABLE, inspection == 1 ? 1 : 0)
        return nil
    }
}
