internal import CLinux
internal import Glibc

/// The directory that ledger and session live in: its owner's alone, and reached without a symbolic link.
enum StateDirectory {
    /// What it is opened for.
    enum Use {
        /// To look at what is there, or to change it.
        case looking
        /// To begin: it is made when it is missing.
        case beginning
    }

    /// Why the directory cannot be used.
    struct Problem: Error, CustomStringConvertible {
        let path: String
        let reason: String

        var description: String { "the state directory \(path) \(reason)" }
    }

    /// Where it is when nobody says otherwise: `/var/lib/impact-notifier`, with `-NAME` behind it for another instance.
    static func standard(of instance: String?) -> String {
        "/var/lib/\(ServiceUser.name)" + (instance.map { "-\($0)" } ?? "")
    }

    /// The path without symbolic links, so that whoever opens the directory or a file in it can refuse every link.
    ///
    /// systemd makes one: the StateDirectory of a DynamicUser is a link into `/var/lib/private`. Of a directory that is
    /// still missing the folder is resolved; a path that leads nowhere stays as it is.
    static func resolve(_ path: String) -> String {
        if let whole = realPath(path) { return whole }
        let (folder, name) = split(path)
        return realPath(folder).map { ($0 == "/" ? "" : $0) + "/\(name)" } ?? path
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        let parts = path.split(separator: "/")
        let folder = (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
        return (folder.isEmpty ? "." : folder, String(parts.last ?? "."))
    }

    /// Checks that it is this user's alone; root becomes its owner first, by starting the program anew.
    ///
    /// A file of root's in it would stop the daemon. A directory that root makes belongs to the
    /// package's user in the usual place, and elsewhere to whose folder it is in.
    ///
    /// - Parameters:
    ///   - path: resolved.
    ///   - use: whether a missing one is made.
    /// - Returns: whether it is there; never false when it was to be made.
    /// - Throws: ``Problem``.
    @discardableResult static func enter(_ path: String, for use: Use) throws(Problem) -> Bool {
        if geteuid() == 0, let owner = try owner(of: path, for: use), owner.user != 0 {
            let objection = ServiceUser.become(owner)
            let name = ServiceUser.name(of: owner.user)
            throw Problem(path: path, reason: "belongs to \(name), whom root cannot become here: \(objection)")
        }
        if use == .beginning, unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
            let reason = unsafe String(cString: strerror(errno))
            let remedy = "as root: install -d -m 700 -o \(ServiceUser.name(of: geteuid())) \(path)"
            throw Problem(path: path, reason: "cannot be made: \(reason); make it \(remedy)")
        }
        guard let status = try status(of: path) else { return false }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Problem(path: path, reason: "is not a directory") }
        guard status.st_uid == geteuid() else {
            guard status.st_uid != 0 else {
                let remedy = "as root: chown -R \(ServiceUser.name(of: geteuid())): \(path)"
                throw Problem(path: path, reason: "is root's; give it to the daemon's user, \(remedy)")
            }
            let owner = ServiceUser.name(of: status.st_uid)
            let advice = "run this as that user: sudo -u \(owner) impact-notifier …"
            throw Problem(path: path, reason: "belongs to the user \(owner); \(advice)")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Problem(path: path, reason: "is open to other users; run: chmod 700 \(path)")
        }
        return true
    }

    /// Whom root has to become; nil when there is nothing to enter.
    ///
    /// Makes the directory where only root can.
    private static func owner(of path: String, for use: Use) throws(Problem) -> ServiceUser.Identity? {
        if let status = try status(of: path) { return .init(user: status.st_uid, group: status.st_gid) }
        guard use == .beginning else { return nil }
        guard path == standard(of: nil) || path.hasPrefix(standard(of: "")) else {
            return try status(of: split(path).folder).map { .init(user: $0.st_uid, group: $0.st_gid) }
        }
        guard let user = ServiceUser.installed else {
            throw Problem(
                path: path,
                reason: "is of the user \(ServiceUser.name), who is missing: run systemd-sysusers"
            )
        }
        guard unsafe mkdir(path, 0o700) == 0, unsafe lchown(path, user.user, user.group) == 0 else {
            throw Problem(path: path, reason: "cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        return user
    }

    private static func status(of path: String) throws(Problem) -> stat? {
        var status = stat()
        guard unsafe lstat(path, &status) != 0 else { return status }
        guard errno != ENOENT else { return nil }
        let reason = unsafe String(cString: strerror(errno))
        throw Problem(path: path, reason: "cannot be reached: \(reason); run this as root or as its owner")
    }

    /// Proves that the directory takes a file, by writing one.
    ///
    /// - Throws: ``Problem``.
    static func prove(_ path: String) throws(Problem) {
        func problem() -> Problem {
            // The unit's sandbox shows every other place read-only.
            let hint = errno == EROFS ? "; under systemd it needs ReadWritePaths=\(path) (systemctl edit)" : ""
            return Problem(path: path, reason: "cannot be written: \(unsafe String(cString: strerror(errno)))\(hint)")
        }
        let probe = "\(path)/.probe"
        let descriptor = unsafe shim_open(probe, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw problem() }
        defer {
            close(descriptor)
            _ = unsafe unlink(probe)
        }
        let block = [UInt8](repeating: 0, count: 4096)
        guard unsafe write(descriptor, block, block.count) == block.count, fsync(descriptor) == 0 else {
            throw problem()
        }
    }
}
