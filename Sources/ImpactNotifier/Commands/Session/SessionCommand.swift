internal import ATProtocol
internal import ArgumentParser
internal import Logging
internal import Network
internal import OAuth

/// The command `session`: the state of the stored session.
struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Shows the state of the stored session.",
        subcommands: [Status.self, ServerCheck.self]
    )

    /// The command `session status`: reads the file, and asks the daemon if it runs.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints what the session file and the running daemon say; no secret is in it.",
            discussion: """
                Only the running daemon knows of passing problems: it is asked at status.listen. Exit status: 0 ok, \
                1 degraded, 2 needs-login, 3 misconfigured, 4 quarantined; the worse one when the two differ.
                """
        )

        @OptionGroup var configuration: ConfigurationOption

        @OptionGroup var output: OutputOption

        func run() async throws {
            let services = try await SessionServices(
                try configuration.load().configuration,
                logLevel: .critical
            )
            let status = try await SessionServices.run {
                try await StoredSession.open(services.session, services.environment).status()
            }
            let address = services.configuration.status.address
            let daemon = Result { () throws(RemoteSessionStatus.UnavailableError) in
                try RemoteSessionStatus(at: address, account: status.account)
            }
            let text = SessionText(status, now: services.environment.clock.now(), daemon: daemon)
            output.show(text.json, text.lines)
            guard text.exitStatus == 0 else { throw ExitCode(text.exitStatus) }
        }
    }

    /// The command `session check`: asks the server.
    struct ServerCheck: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Asks the account's server whether the session works; renews the tokens when they are due."
        )

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var output: OutputOption

        func run() async throws {
            let services = try await SessionServices(
                try configuration.load().configuration,
                logLevel: .critical
            )
            let session = try await SessionServices.run {
                try await StoredSession.open(services.session, services.environment)
            }
            let answer = await session.keepingTokens { () async -> Result<String, SessionError> in
                do throws(SessionError) { return .success(try await session.check()) } catch {
                    return .failure(error)
                }
            }
            do {
                let handle = try answer.get()
                output.show(
                    ["works": true, "account": .string(session.account.text), "handle": .string(handle)],
                    ["The session works: \(session.account) is \(handle)."]
                )
            } catch {
                if output.json {
                    output.show(
                        ["works": false, "account": .string(session.account.text), "problem": .string("\(error)")],
                        []
                    )
                } else {
                    StandardOutput.printError("\(error)")
                }
                let status = await session.status().state.exitStatus
                throw ExitCode(status == 0 ? ExitStatus.failure.rawValue : status)
            }
        }
    }
}
