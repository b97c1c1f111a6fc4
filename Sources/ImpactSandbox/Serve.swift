internal import ATProtocol
internal import ArgumentParser
internal import Sandbox

/// `serve`: the network alone, until Ctrl-C.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts the network and prints its URLs and accounts as one JSON line.",
        discussion: """
            The control URL takes POST /faults {"on": "sendMessage", "fault": "drop-after", "count": 1, "seconds": 60, \
            "skip": 0}, DELETE /faults, POST /stream {"fault": "drop"}, POST /accounts {"handle": "x.test"}, POST /records \
            {"repo", "collection", "record"}, POST /repositories {"owner": "x.test"}, POST /clients \
            {"client_id", "metadata"}, POST /personality {"name": "cocoon"}, POST /clock \
            {"seconds": 3600}, GET /messages and GET /. docs/development.md has every fault.
            """
    )

    @Option(help: "An account to create; may be repeated.")
    var account: [String] = ["bot.test", "owner.test", "author.test"]

    @Option(help: "A fixed port, as server=port; servers: plc, pds, as, appview, index, control, stream, stream2 …")
    var port: [String] = []

    @Option(help: "How many stream hosts carry the events.")
    var streamHosts = 1

    @Option(help: "Seconds that an access token lives.")
    var accessLifetime: Double = 3600

    func run() async throws {
        var options = SandboxOptions()
        options.streamHosts = streamHosts
        options.signsCommits = true
        options.tracerInterval = .seconds(1)
        for assignment in port {
            let parts = assignment.split(separator: "=")
            guard parts.count == 2, let number = UInt16(parts[1]) else {
                throw ValidationError("--port wants server=port, not “\(assignment)”")
            }
            options.ports[String(parts[0])] = number
        }
        // Who reads the line may send a signal at once.
        _ = try await Interruption.run { [options, account, accessLifetime] in
            let network = try await SandboxNetwork.start(options)
            defer { network.stop() }
            network.authorizationServer.lifetimes.access = accessLifetime
            for handle in account { try network.createAccount(handle: handle) }
            Terminal().line(network.summary.encodedText)
            try await Task.sleep(for: .seconds(100 * 365 * 86_400))
        }
    }
}
