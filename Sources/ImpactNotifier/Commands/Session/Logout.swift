internal import ATProtocol
internal import ArgumentParser
internal import OAuth

/// The command `logout`: ends the stored session.
struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks the server to end the stored session, and removes its file."
    )

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Removes the file even when the server could not be told.")
    var force = false

    @OptionGroup var output: OutputOption

    func run() async throws {
        let services = try await SessionServices(try configuration.load().configuration)
        try await SessionServices.run {
            guard services.hasState else {
                let place = services.configuration.stateDirectory
                throw OAuthError(
                    code: .notLoggedIn,
                    sentence: "There is no session: \(place) does not exist. Nothing is to be done."
                )
            }
            try await SessionLogout(services.session, services.environment).complete(isForced: force)
        }
        output.show(["logged_out": true], ["Logged out."])
    }
}
