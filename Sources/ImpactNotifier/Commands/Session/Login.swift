internal import ATProtocol
internal import ArgumentParser
internal import Network
internal import Notifier
internal import OAuth

/// The command `login`: stores a session of the account.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Obtains the session that messages are sent with.",
        discussion: """
            Prints an address to open in a browser anywhere, and then waits: for the browser to come back to a port of \
            this machine (loopback client; from another machine use: ssh -L PORT:127.0.0.1:PORT), or for the address that \
            the browser ended at, pasted here. Where no terminal waits, use --start, and later --complete.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Option(help: "The scopes to ask for: granular or transition. Default: session.scope.")
    var scope: String?

    @Option(help: ArgumentHelp("Finishes a login that --start began.", valueName: "url"))
    var complete: String?

    @Flag(help: "Begins a login, prints its address and ends.")
    var start = false

    @Option(help: "Port of the listener; 0 for any. Default: session.login_port.")
    var port: UInt16?

    @Flag(help: "Waits for a pasted address only.")
    var noListener = false

    @Flag(help: "Uses the app password in session.app_password_file instead of a browser.")
    var appPassword = false

    @Flag(help: "Takes a password that does not look like an app password.")
    var force = false

    @OptionGroup var output: OutputOption

    func run() async throws {
        // The first login comes before the first run, so it may make the state directory.
        let services = try await SessionServices(try configuration.load().configuration, for: .beginning)
        var session = services.session
        if let scope {
            guard let choice = ScopeChoice(rawValue: scope) else {
                let known = ScopeChoice.allCases.map(\.rawValue)
                throw ValidationError(Suggestion.objection(to: scope, as: "scope", among: known))
            }
            session.scope = choice
        }
        guard !appPassword || session.kind == .appPassword else {
            throw ExitStatus.configuration.saying(
                "The configuration is for OAuth; set session.kind to app-password and session.app_password_file first."
            )
        }
        let status = try await SessionServices.run {
            try await session.kind == .appPassword
                ? AppPasswordLogin(session, services.environment).complete(isForced: force)
                : browse(OAuthLogin(session, services.environment), services, session)
        }
        guard let status else { return }
        if services.configuration.delivery.mentions.isEnabled, !status.canPost {
            StandardOutput.printError(
                "The server did not allow posts, so nobody is mentioned; \(ScopeChoice.postScope) or transition:generic does."
            )
        }
        let text = SessionText(status, now: services.environment.clock.now())
        output.show(text.json, ["Logged in as \(status.account)."] + text.lines)
        guard status.state.exitStatus == 0 else { throw ExitCode(status.state.exitStatus) }
    }

    /// Nil when the login is to go on later with `--complete`.
    private func browse(
        _ login: OAuthLogin,
        _ services: SessionServices,
        _ session: SessionConfiguration
    ) async throws(OAuthError) -> SessionStatus? {
        if let complete { return try await login.complete(complete) }
        let wanted = port ?? UInt16(services.configuration.session.loginPort)
        let listens = session.kind == .loopback && !noListener && !start
        let listener = listens ? try CallbackListener(port: wanted) : nil
        let invitation = try await login.start(
            port: listener?.port ?? (wanted == 0 ? nil : wanted),
            hint: services.hint
        )
        listener?.expect(invitation)
        explain(invitation, listener)
        guard StandardOutput.isRead else {
            throw OAuthError(
                code: .unread,
                sentence: "Nobody can read the address: standard output cannot be written."
            )
        }
        if start { return nil }
        let callback = await LoginPrompt(listener).callback()
        guard let callback else {
            throw OAuthError(code: .denied, sentence: "Nothing was pasted; the login was given up.")
        }
        return try await login.complete(callback)
    }

    private func explain(_ invitation: OAuthLogin.Invitation, _ listener: CallbackListener?) {
        var lines = [
            "Open this address in a browser within \(Int(invitation.lifetime / 60) + 1) minutes:", "",
            "  \(invitation.authorizationURL)", "",
        ]
        if let listener {
            lines += [
                "Waiting for the browser at 127.0.0.1:\(listener.port).",
                "When the browser cannot reach it, copy the whole address it shows and paste it here.",
            ]
        } else if !start {
            lines.append("Approve it, copy the address that is shown at the end, and paste it here within 5 minutes.")
        } else {
            lines.append("Then run: impact-notifier login --complete 'the address the browser ended at'")
        }
        output.show(
            [
                "open": .string(invitation.authorizationURL.description),
                "port": listener.map { .integer(Int64($0.port)) } ?? .null,
                "expires_seconds": .integer(Int64(exactly: invitation.lifetime.rounded()) ?? .max),
            ],
            lines
        )
    }
}
