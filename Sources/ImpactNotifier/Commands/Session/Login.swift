internal import ArgumentParser
internal import Network
internal import Notifier
internal import OAuth

/// `login`: from an account to a stored session.
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

    func run() async throws {
        // The first login comes before the first run.
        let services = try await SessionServices(try configuration.load().configuration, for: .beginning)
        var session = services.session
        if let scope {
            guard let choice = ScopeChoice(rawValue: scope) else {
                throw ValidationError("--scope is “granular” or “transition”.")
            }
            session.scope = choice
        }
        guard !appPassword || session.kind == .appPassword else {
            StandardOutput.printError(
                "The configuration is for OAuth; set session.kind to app-password and session.app_password_file first."
            )
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        let status = try await SessionServices.run {
            try await session.kind == .appPassword
                ? AppPasswordLogin(session, services.environment).complete(isForced: force)
                : browse(OAuthLogin(session, services.environment), services, session)
        }
        guard let status else { return }
        StandardOutput.print("Logged in as \(status.account).")
        if services.configuration.delivery.mentions.isEnabled, !status.canPost {
            StandardOutput.printError(
                "The server did not allow posts, so nobody is mentioned; \(ScopeChoice.postScope) or transition:generic does."
            )
        }
        for line in SessionText(status, now: services.environment.clock.now()).lines {
            StandardOutput.print(line)
        }
        guard status.state.exitStatus == 0 else { throw ExitCode(status.state.exitStatus) }
    }

    /// Nil when the login goes on later, with `--complete`.
    private func browse(
        _ login: OAuthLogin,
        _ services: SessionServices,
        _ session: SessionConfiguration
    ) async throws(OAuthFailure) -> SessionStatus? {
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
        if start {
            StandardOutput.print("Then run: impact-notifier login --complete 'the address the browser ended at'")
            return nil
        }
        let callback = await LoginPrompt(listener).callback()
        guard let callback else {
            throw OAuthFailure(code: .denied, sentence: "Nothing was pasted; the login was given up.")
        }
        return try await login.complete(callback)
    }

    private func explain(_ invitation: OAuthLogin.Invitation, _ listener: CallbackListener?) {
        StandardOutput.print("Open this address in a browser within \(Int(invitation.lifetime / 60) + 1) minutes:")
        StandardOutput.print("")
        StandardOutput.print("  \(invitation.authorizationURL)")
        StandardOutput.print("")
        if let listener {
            StandardOutput.print("Waiting for the browser at 127.0.0.1:\(listener.port).")
            StandardOutput.print("When the browser cannot reach it, copy the whole address it shows and paste it here.")
        } else if !start {
            StandardOutput.print(
                "Approve it, copy the address that is shown at the end, and paste it here within 5 minutes."
            )
        }
    }
}
