internal import Glibc
internal import Network
internal import OAuth

/// The files that `init` writes: first the secret that the configuration names, then the configuration.
struct SetupFiles {
    let place: SetupPlace
    let loader: ConfigurationLoader

    /// Writes all files or none.
    ///
    /// - Returns: what was written, for the operator.
    /// - Throws: ``SetupError``; then no file is left.
    func write(_ choices: SetupChoices) throws(SetupError) -> [String] {
        let text = try choices.text(at: place)
        var (secret, isFolderNew): (String?, Bool) = (nil, false)
        do throws(SetupError) {
            secret = try writeSecret(choices, &isFolderNew)
            try check(text)
            if SetupPlace.exists(place.path) {
                try NewFile.write(text, inPlaceOf: ShippedFiles.configuration, at: place.path, mode: 0o644)
            } else {
                try NewFile.write(text, to: place.path, mode: 0o644)
            }
        } catch {
            if let secret { NewFile.remove(secret) }
            if isFolderNew { _ = unsafe rmdir(place.secrets) }
            throw error
        }
        return (secret.map { ["Wrote \($0), a secret: it is closed to other users."] } ?? []) + [
            "Wrote \(place.path), which passes 'check'."
        ]
    }

    /// Checks the configuration like `check`, before the file exists.
    private func check(_ text: String) throws(SetupError) {
        var loader = loader
        loader.purpose = .check
        do throws(ConfigurationError) { _ = try loader.load(path: place.path, draft: text) } catch {
            throw SetupError("\(error)\nNothing was written.", .configuration)
        }
    }

    /// Writes the file of a typed app password, or of a new client key; nil when there is nothing to write.
    private func writeSecret(_ choices: SetupChoices, _ isFolderNew: inout Bool) throws(SetupError) -> String? {
        let path: String
        switch choices.session {
        case .loopback, .appPassword(nil): return nil
        case .appPassword(let password?):
            path = place.secret("app-password")
            isFolderNew = try makeFolder()
            try NewFile.write(password + "\n", to: path, mode: 0o600)
        case .confidential:
            path = place.secret("client-key.json")
            guard !SetupPlace.exists(path) else { return nil }
            isFolderNew = try makeFolder()
            do throws(OAuthError) { try ClientKey.generate(at: SystemClock()).write(to: path) } catch {
                throw SetupError(error.description, .cannotCreate)
            }
        }
        ServiceUser.share(path)
        return path
    }

    /// Makes the folder of secrets if it does not exist; returns whether it did not.
    private func makeFolder() throws(SetupError) -> Bool {
        let folder = place.secrets
        if unsafe mkdir(folder, 0o700) == 0 { return true }
        guard errno == EEXIST else {
            throw SetupError("\(folder) cannot be made: \(unsafe String(cString: strerror(errno)))", .cannotCreate)
        }
        var status = stat()
        guard unsafe stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw SetupError("\(folder) is no folder, and secrets lie in one of that name", .cannotCreate)
        }
        // Where everybody may make folders, such as in /tmp, somebody else may have made it.
        let owners: [uid_t?] = [0, geteuid(), ServiceUser.owner(ofFolderOf: place.path)?.user]
        guard owners.contains(status.st_uid) else {
            let owner = ServiceUser.name(of: status.st_uid)
            throw SetupError("\(folder) belongs to \(owner): no secret is written there", .cannotCreate)
        }
        return false
    }
}
