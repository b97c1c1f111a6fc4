internal import Network
internal import OAuth

/// The section that says how the sender's session is obtained and kept.
struct SessionSection {
    let section: ConfigurationSection
    let files: ConfiguredFiles

    /// The section with defaults.
    func configuration() -> Configuration.Session {
        let kind = section.choice("kind", default: SessionKind.loopback)
        // Only the files of this kind of session must exist.
        let session = Configuration.Session(
            kind: kind,
            clientID: url("client_id") { SessionConfiguration.objection(toClientID: $0) },
            redirectURI: url("redirect_uri") { _ in nil },
            clientKeyFile: section.path(
                "client_key_file",
                in: files,
                as: kind == .confidential ? .clientKey : .unusedSecret
            ),
            appPasswordFile: section.path(
                "app_password_file",
                in: files,
                as: kind == .appPassword ? .appPassword : .unusedSecret
            ),
            encryptionKeyFile: section.path("encryption_key_file", in: files, as: .encryptionKey),
            scope: section.choice("scope", default: .transition),
            loginPort: loginPort()
        )
        switch kind {
        case .confidential:
            let needs = [
                ("client_id", session.clientID), ("redirect_uri", session.redirectURI),
                ("client_key_file", session.clientKeyFile),
            ]
            for (key, value) in needs where value == nil && !section.has(key) {
                section.flag(key, "a confidential client needs it; \(Documentation.oauth.path) has the steps")
            }
        case .appPassword where session.appPasswordFile == nil && !section.has("app_password_file"):
            section.flag("app_password_file", "this session kind reads its app password from a file")
        // Commands may prepare what will be hosted; a login would use a client that has no key here.
        case .loopback where session.clientID != nil && files.purpose != .command:
            section.flag("client_id", "is of a confidential client: write kind: confidential, or leave it out")
        case .appPassword, .loopback: break
        }
        return session
    }

    /// The port at which a login listens; 0 for any.
    private func loginPort() -> Int {
        let port = section.integer("login_port", default: 0, in: 0...65_535)
        if (1...1023).contains(port) {
            section.flag("login_port", "ports below 1024 are root's alone; write one from 1024 on, or 0 for any")
        }
        return port
    }

    /// An https URL with a path, exactly as written.
    private func url(_ key: String, objection: (String) -> String?) -> String? {
        func mistake(_ text: String) -> String? {
            let address = ServiceAddress(text, allowsLoopback: false)
            guard let url = address.url else { return address.objection }
            return url.path == "/" ? "it has no path" : objection(text)
        }
        return section.optional(key, expected: "an https:// URL with a path", objection: mistake) {
            mistake($0) == nil ? $0 : nil
        }
    }
}
