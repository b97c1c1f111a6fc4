internal import ATProtocol
internal import Network

/// The file of a login that has been started and not finished.
struct PendingLoginFile: Sendable {
    private let path: String
    private let files: any SessionFileSystem

    init(directory: String, files: any SessionFileSystem) {
        path = directory + "/login.pending.json"
        self.files = files
    }

    func save(_ login: PendingLogin) throws(OAuthError) {
        do throws(FileError) {
            // If a crash of the machine loses the login, it can be started again.
            _ = try files.replace(path, with: login.json.encoded)
        } catch {
            throw OAuthError(code: .storage, sentence: "The login cannot be kept: \(error).")
        }
    }

    /// The pending login; one that is too old is removed.
    func load(at now: UnixTime) throws(OAuthError) -> PendingLogin {
        let login: PendingLogin?
        do throws(FileError) {
            guard let status = try files.status(of: path), status.isRegular, !status.isShared,
                status.owner == files.owner
            else { throw .unusable(path, "there is none of this user's") }
            login = (try? JSONValue(parsing: try files.read(path))).flatMap(PendingLogin.init)
        } catch {
            throw OAuthError(code: .noPendingLogin, sentence: "No login was started here; run login first.")
        }
        guard let login, login.createdAt + PendingLogin.lifetime > now else {
            remove()
            throw OAuthError(code: .noPendingLogin, sentence: "The login that was started is too old; start again.")
        }
        return login
    }

    /// Removes the login: its state and verifier must not be used twice.
    func remove() { try? files.remove(path) }
}
