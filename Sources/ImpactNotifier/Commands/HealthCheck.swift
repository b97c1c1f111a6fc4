internal import ArgumentParser

/// The command `healthcheck`: asks the running daemon for its health; for a container's `HEALTHCHECK`.
struct HealthCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Asks the running daemon whether it is alive; status 0 when it is."
    )

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Ask whether it is ready: ledger open, and the stream connected once.")
    var ready = false

    func run() async throws {
        guard let address = try configuration.load().configuration.status.address else {
            throw ExitStatus.configuration.saying(
                "status.listen is off, so nobody can be asked; write an address there, such as 127.0.0.1:9464."
            )
        }
        do {
            _ = try StatusClient(address: address).get(ready ? "/readyz" : "/healthz")
        } catch {
            throw ExitStatus.failure.saying(error.description)
        }
    }
}
