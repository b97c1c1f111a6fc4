internal import ATProtocol
internal import ArgumentParser
internal import Glibc
internal import Network
internal import OAuth

/// The command `client`: key and metadata of the confidential client.
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Makes and checks what a two-year session needs: a key here, a document and a page on a web host.",
        subcommands: [Keygen.self, Metadata.self, Verify.self]
    )

    /// The command `client keygen`: makes a new private key.
    struct Keygen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a new private key to a file that others cannot read, and prints its public half.",
            discussion: "Run as root it is root's, and readable by the group of its directory: that of the daemon."
        )

        @Argument(help: "The file; it must not exist.")
        var file: String

        func run() async throws {
            // Root writes nothing in a folder that belongs to a user, such as the state directory.
            if geteuid() == 0, let owner = ServiceUser.owner(ofFolderOf: file), owner.user != 0 {
                let objection = ServiceUser.become(owner)
                throw ExitStatus.noPermission.saying(
                    "The folder is \(ServiceUser.name(of: owner.user))'s: \(objection)"
                )
            }
            let key = try await SessionServices.run {
                let key = try ClientKey.generate(at: SystemClock())
                try key.write(to: file)
                return key
            }
            ServiceUser.share(file)
            StandardOutput.print(key.publicJWK.encodedText)
        }
    }

    /// The command `client metadata`: prints the files to host.
    struct Metadata: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the exact document to host at the client id, or the callback page."
        )

        @OptionGroup var configuration: ConfigurationOption

        @Flag(help: "Prints the static callback page instead.")
        var callbackPage = false

        @Option(help: "Another private key to list, while keys are changed; may be repeated.")
        var alsoKey: [String] = []

        private static let lacksKey =
            "session.client_key_file is not set; 'impact-notifier client keygen FILE' makes the file that it names."

        func run() async throws {
            if callbackPage {
                StandardOutput.print(CallbackPage.html)
                return
            }
            let services = try await SessionServices(try configuration.load().configuration)
            let document = try await SessionServices.run {
                guard let path = services.session.clientKeyPath else {
                    throw OAuthError(code: .configuration, sentence: Self.lacksKey)
                }
                let keys = try ([path] + alsoKey).map { try ClientKey.load($0) }
                return try ClientMetadata(services.session, services.environment).document(keys: keys)
            }
            StandardOutput.print(document.encodedText)
        }
    }

    /// The command `client verify`: compares the hosted files with the needed ones.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetches what is hosted at the client id, as an authorization server does, and compares."
        )

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var output: OutputOption

        func run() async throws {
            let services = try await SessionServices(try configuration.load().configuration)
            guard services.session.kind == .confidential else {
                let kind = services.session.kind.rawValue
                return output.show(
                    ["is_hosted": false, "problems": []],
                    ["Nothing is hosted for a session of kind \(kind)."]
                )
            }
            let problems = try await SessionServices.run {
                try await ClientMetadata(services.session, services.environment).problems()
            }
            for problem in problems where !output.json { StandardOutput.printError(problem) }
            output.show(
                ["is_hosted": true, "problems": .array(problems.map { .string($0) })],
                problems.isEmpty ? ["The hosted client metadata is right."] : []
            )
            guard problems.isEmpty else { throw ExitStatus.failure.code }
        }
    }
}
