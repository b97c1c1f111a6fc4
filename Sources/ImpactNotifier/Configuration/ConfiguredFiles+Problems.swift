internal import FoundationEssentials
internal import Glibc
internal import Network
internal import OAuth

extension ConfiguredFiles {
    /// Why a text cannot be a path; nil when it can.
    static func objection(to path: String) -> String? {
        if path.isEmpty { return "it is empty" }
        return path.utf8.contains(0) ? "it holds a NUL, where the system would see its end" : nil
    }

    /// What a file or folder is used for.
    enum Use {
        /// A PEM file of certificate authorities.
        case authorities
        /// A file that is appended to, and made if missing.
        case writing
        /// A folder in which files are made, and that is made if missing.
        case newFolder
        /// A signing secret, which only the daemon's user may read.
        case secret
        /// An app password, which only the daemon's user may read.
        case appPassword
        /// The private key of a confidential client.
        case clientKey
        /// 32 octets that encrypt the session.
        case encryptionKey
        /// The key from a stream's host.
        case hostKey(WebURL)
        /// The token that apps must show to ask the status endpoint about requests.
        case bearerToken
        /// A secret that will not be used, for example because it is of another kind of session.
        case unusedSecret

        /// Whether messages are sent without it, and it is used as soon as it exists.
        var isSpare: Bool {
            switch self {
            case .writing, .newFolder: true
            default: false
            }
        }
    }

    /// Why a path cannot be used in this way, and what to do; nil when it can.
    func problem(with path: String, as use: Use) -> String? {
        switch use {
        case .unusedSecret: return nil
        case .authorities: return readingProblem(path) ?? authoritiesProblem(path)
        case .newFolder: return unsafe access(path, F_OK) == 0 ? folderProblem(path) : makingProblem(path)
        case .writing:
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return makingProblem(path) }
            if status.st_mode & S_IFMT == S_IFDIR { return "\(path) is a folder; name a file in it" }
            return unsafe access(path, W_OK) == 0 ? nil : Self.refusal(path, "write to")
        case .secret, .appPassword, .clientKey, .encryptionKey, .hostKey, .bearerToken:
            return readingProblem(path) ?? contentProblem(path, use)
        }
    }

    /// Why a program, given as a path or as a name to be found in `PATH`, cannot be started; nil when it can.
    func programProblem(_ program: String) -> String? {
        guard !program.contains("/") else {
            var status = stat()
            guard unsafe stat(program, &status) == 0 else { return Self.absence(of: program) }
            guard status.st_mode & S_IFMT == S_IFREG else { return "\(program) is no plain file" }
            return unsafe access(program, X_OK) == 0 ? nil : "\(program) cannot be run; chmod 755 \(program)"
        }
        func isProgram(_ path: String) -> Bool {
            var status = stat()
            return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        if folders.contains(where: { isProgram("\($0)/\(program)") }) { return nil }
        return "there is no program '\(program)' in PATH; write its whole path"
    }

    private func readingProblem(_ path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return errno == EACCES && isCredential(path) ? nil : Self.absence(of: path)
        }
        if status.st_mode & S_IFMT == S_IFDIR { return "\(path) is a folder; name a file in it" }
        // Opening a pipe or a device could block, or its reading never end.
        guard status.st_mode & S_IFMT == S_IFREG else { return "\(path) is no plain file" }
        guard unsafe access(path, R_OK) != 0, !isCredential(path) else { return nil }
        return Self.refusal(path, "read")
    }

    /// What is wrong with a file of authorities, for the streams or for libcurl, which lets OpenSSL read it in the same
    /// way.
    private func authoritiesProblem(_ path: String) -> String? {
        guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----")
        else { return "\(path) holds no certificate in PEM" }
        do throws(StreamError) { try TLSContext(extraAuthorities: path).prove() } catch {
            return "\(error.detail); each certificate must be whole, from its BEGIN to its END, and in base64"
        }
        return nil
    }

    /// The problem of a path that was not found.
    private func makingProblem(_ path: String) -> String? {
        errno == ENAMETOOLONG ? Self.absence(of: path) : folderProblem(Self.folder(of: path))
    }

    private func folderProblem(_ folder: String) -> String? {
        var status = stat()
        guard unsafe stat(folder, &status) == 0 else {
            guard errno == ENOENT else { return Self.absence(of: folder) }
            if let state, StateDirectory.resolve(folder) == state { return nil }
            return "there is no folder \(folder); make it, and give it to the daemon's user"
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return "\(folder) is no folder" }
        return unsafe access(folder, W_OK | X_OK) == 0 ? nil : Self.refusal(folder, "write in")
    }

    /// What is wrong with a secret's file: others can read it, or its content is wrong.
    private func contentProblem(_ path: String, _ use: Use) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, unsafe access(path, R_OK) == 0, !isPassedBy(path) else { return nil }
        do throws(OAuthError) {
            switch use {
            case .clientKey: _ = try ClientKey.load(path)
            case .encryptionKey: _ = try SecretFile().encryptionKey(path)
            case .hostKey(let url): _ = try HostKey(file: path, for: url)
            case .appPassword: _ = try SecretFile().text(path)
            case .bearerToken: _ = try BearerToken(file: path)
            case .secret, .authorities, .writing, .newFolder, .unusedSecret: _ = try SecretFile().secret(path)
            }
            return nil
        } catch { return error.sentence }
    }

    /// Whether a file belongs to another user, and root will become that user, so that root need not read it.
    func isPassedBy(_ path: String) -> Bool {
        var status = stat()
        guard geteuid() == 0, unsafe stat(path, &status) == 0, status.st_uid != 0 else { return false }
        return state.flatMap { StateDirectory.user(of: $0) } != 0
    }

    /// Whether it is a systemd credential, which only the service can read.
    private func isCredential(_ path: String) -> Bool {
        !purpose.delivers && environment["CREDENTIALS_DIRECTORY"].map { path.hasPrefix($0 + "/") } ?? false
    }

    /// The problem of a path that could not be examined.
    private static func absence(of path: String) -> String {
        switch errno {
        case ENOENT: "there is no file \(path)"
        case EACCES: refusal(path, "look at")
        case let number: "\(path): \(unsafe String(cString: strerror(number)))"
        }
    }

    /// The problem of a path that the system has refused.
    private static func refusal(_ path: String, _ act: String) -> String {
        let reason = errno == EACCES ? "" : " (\(unsafe String(cString: strerror(errno))))"
        return "the user \(ServiceUser.name(of: geteuid())) may not \(act) \(path)\(reason); the daemon's user must be "
            + "able to: sudo -u \(ServiceUser.name) impact-notifier check tells whether it is"
    }
}

extension ConfigurationSection {
    /// The path of a file or folder; a relative one starts at the configuration, a secret's as ``ConfiguredFiles``
    /// says.
    func path(_ key: String, in files: ConfiguredFiles, as use: ConfiguredFiles.Use) -> String? {
        let text = optional(key, expected: "a path", objection: ConfiguredFiles.objection) {
            ConfiguredFiles.objection(to: $0) == nil ? $0 : nil
        }
        guard let text else { return nil }
        let path =
            switch use {
            case .authorities, .writing, .newFolder: files.path(text)
            case .secret, .appPassword, .clientKey, .encryptionKey, .hostKey, .bearerToken, .unusedSecret:
                files.secret(text)
            }
        if files.purpose != .command, let problem = files.problem(with: path, as: use) {
            flag(key, problem, isWarning: use.isSpare && !files.purpose.expectsAll)
        }
        return path
    }
}
