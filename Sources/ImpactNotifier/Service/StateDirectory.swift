internal import CLinux
internal import Glibc

/// The directory of ledger and session: only its owner can read it, and no symbolic link leads to it.
enum StateDirectory {
    /// What it is opened for.
    enum Use {
        /// To read what is there, or to change it.
        case looking
        /// To begin: a missing directory is made.
        case beginning
    }

    /// Why the directory cannot be used.
    struct AccessError: Error, CustomStringConvertible {
        let path: String
        let reason: String

        var description: String { "the state directory \(path) \(reason)" }
    }

    /// The default place: `/var/lib/impact-notifier`, with `-NAME` after it for another instance.
    static func standard(of instance: String?) -> String {
        "/var/lib/\(ServiceUser.name)" + (instance.map { "-\($0)" } ?? "")
    }

    /// The path without symbolic links, so that opening the directory or a file in it can refuse every link.
    ///
    /// systemd makes one: the StateDirectory of a DynamicUser is a link into `/var/lib/private`. For a missing
    /// directory its folder is resolved; a path that leads nowhere stays as it is.
    static func resolve(_ path: String) -> String {
        if let whole = realPath(path) { return whole }
        let (folder, name) = split(path)
        return realPath(folder).map { ($0 == "/" ? "" : $0) + "/\(name)" } ?? path
    }

    /// Whether a path is a file that this program keeps in the (resolved) directory.
    static func keeps(_ path: String, in directory: String) -> Bool {
        let own = ["ledger.", "session.", "login.pending", "marks.key", "reload.json"]
        let (folder, name) = split(path)
        // A link may lead there, or the directory may not exist yet.
        return [resolve(path), "\(resolve(folder))/\(name)"].contains { place in
            let (folder, name) = split(place)
            return folder == directory && own.contains { name.hasPrefix($0) }
        }
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

    /// Checks that only this user can use it; root first becomes its owner, by starting the program again.
    ///
    /// A file of root's in it would stop the daemon. A directory that root makes belongs to the package's user in the
    /// usual place, and elsewhere to the owner of the folder around it.
    ///
    /// - Parameters:
    ///   - path: a resolved path.
    ///   - use: says whether a missing directory is made.
    /// - Returns: whether it exists; always true when it was to be made.
    /// - Throws: ``AccessError``.
    @discardableResult static func enter(_ path: String, for use: Use) throws(AccessError) -> Bool {
        if geteuid() == 0, let owner = try owner(of: path, for: use), owner.user != 0 {
            let objection = ServiceUser.become(owner)
            let name = ServiceUser.name(of: owner.user)
            throw AccessError(path: path, reason: "belongs to \(name), whom root cannot become here: \(objection)")
        }
        if use == .beginning, unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw unmakable(path) }
        guard let status = try status(of: path) else { return false }
        try judge(status, of: path, for: geteuid())
        return true
    }

    /// What would keep the daemon from beginning there, as far as this user can see.
    ///
    /// It makes nothing and changes no user. A directory of another user, except root, counts as the daemon's.
    ///
    /// - Parameters:
    ///   - path: a resolved path.
    ///   - isNamed: whether the configuration names it; otherwise systemd or the package makes a missing one.
    /// - Returns: the problem; nil for none.
    static func obstacle(to path: String, isNamed: Bool) -> AccessError? {
        do throws(AccessError) {
            guard let status = try status(of: path) else { return isNamed ? obstacle(toMaking: path) : nil }
            try judge(status, of: path, for: status.st_uid == 0 ? geteuid() : status.st_uid)
            guard geteuid() == 0 || geteuid() == status.st_uid else { return nil }
            return unsafe access(path, W_OK | X_OK) == 0 ? nil : unwritable(path)
        } catch { return error }
    }

    private static func obstacle(toMaking path: String) -> AccessError? {
        if geteuid() == 0, isUsual(path), ServiceUser.installed == nil { return withoutUser(path) }
        return unsafe access(split(path).folder, W_OK | X_OK) == 0 ? nil : unmakable(path)
    }

    /// The user that root becomes to begin there; nil when that is unknown.
    static func user(of path: String) -> uid_t? {
        if isUsual(path), (try? status(of: path)) == nil { return ServiceUser.installed?.user }
        return (try? owner(of: path, for: .beginning))?.user
    }

    /// Refuses anything that is not a directory, or that other users can read.
    private static func judge(_ status: stat, of path: String, for user: uid_t) throws(AccessError) {
        guard status.st_mode & S_IFMT == S_IFDIR else { throw AccessError(path: path, reason: "is not a directory") }
        guard status.st_uid == user else {
            guard status.st_uid != 0 else {
                let remedy = "as root: chown -R \(ServiceUser.name(of: user)): \(path)"
                throw AccessError(path: path, reason: "is root's; give it to the daemon's user, \(remedy)")
            }
            let owner = ServiceUser.name(of: status.st_uid)
            let advice = "run this as that user: sudo -u \(owner) impact-notifier …"
            throw AccessError(path: path, reason: "belongs to the user \(owner); \(advice)")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw AccessError(path: path, reason: "is open to other users; run: chmod 700 \(path)")
        }
    }

    /// The problem of a directory that could not be made.
    private static func unmakable(_ path: String) -> AccessError {
        let reason = unsafe String(cString: strerror(errno))
        let remedy = "as root: install -d -m 700 -o \(ServiceUser.name(of: geteuid())) \(path)"
        return AccessError(path: path, reason: "cannot be made: \(reason); make it \(remedy)")
    }

    /// The problem of a directory that could not be written to.
    private static func unwritable(_ path: String) -> AccessError {
        // The unit's sandbox makes every other place read-only.
        let hint = errno == EROFS ? "; under systemd it needs ReadWritePaths=\(path) (systemctl edit)" : ""
        return AccessError(path: path, reason: "cannot be written: \(unsafe String(cString: strerror(errno)))\(hint)")
    }

    private static func withoutUser(_ path: String) -> AccessError {
        AccessError(path: path, reason: "is of the user \(ServiceUser.name), who is missing: run systemd-sysusers")
    }

    /// Whether it is where the package's user keeps the state.
    private static func isUsual(_ path: String) -> Bool {
        path == standard(of: nil) || path.hasPrefix(standard(of: ""))
    }

    /// The user that root must become; nil when the directory does not exist.
    ///
    /// Makes the directory if only root can.
    private static func owner(of path: String, for use: Use) throws(AccessError) -> ServiceUser.Identity? {
        if let status = try status(of: path) { return .init(user: status.st_uid, group: status.st_gid) }
        guard use == .beginning else { return nil }
        guard isUsual(path) else {
            return try status(of: split(path).folder).map { .init(user: $0.st_uid, group: $0.st_gid) }
        }
        guard let user = ServiceUser.installed else { throw withoutUser(path) }
        guard unsafe mkdir(path, 0o700) == 0, unsafe lchown(path, user.user, user.group) == 0 else {
            throw AccessError(path: path, reason: "cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        return user
    }

    private static func status(of path: String) throws(AccessError) -> stat? {
        var status = stat()
        guard unsafe lstat(path, &status) != 0 else { return status }
        guard errno != ENOENT else { return nil }
        let reason = unsafe String(cString: strerror(errno))
        throw AccessError(path: path, reason: "cannot be reached: \(reason); run this as root or as its owner")
    }

    /// Checks that the directory accepts a file, by writing one.
    ///
    /// - Throws: ``AccessError``.
    static func prove(_ path: String) throws(AccessError) {
        let probe = "\(path)/.probe"
        let descriptor = unsafe shim_open(probe, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        defer {
            close(descriptor)
            _ = unsafe unlink(probe)
        }
        let block = [UInt8](repeating: 0, count: 4096)
        guard unsafe write(descriptor, block, block.count) == block.count, fsync(descriptor) == 0 else {
            throw unwritable(path)
        }
    }
}
