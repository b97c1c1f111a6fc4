internal import ArgumentParser
internal import Network

/// The program: a local AT Protocol network to try the daemon on.
@main
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impact-sandbox",
        abstract: "A local AT Protocol network: PLC directory, PDS, OAuth server, chat, Jetstream. Loopback only.",
        subcommands: [Serve.self, Demo.self]
    )

    static func main() async {
        OpenSSLLifetime.extendToTheEnd()
        await main(nil)
    }
}
