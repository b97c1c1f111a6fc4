import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// A network with a logged-in daemon binary, and what a test does on it.
final class Stage: Sendable {
    let network: SandboxNetwork
    let bot: SandboxAccount
    let author: SandboxAccount
    let owners: [SandboxAccount]
    let daemon: LocalDaemon

    /// Sets up accounts with one project each, and logs the bot in through the real command.
    init(
        owners count: Int = 1,
        wire: SandboxWire = .jetstream2,
        streamHosts: Int = 1,
        overrides: [String: String] = [:],
        environment: [String: String] = [:],
        tracer: Duration? = nil,
        keepAlive: Duration = .seconds(90),
        requestLimit: RequestLimit = RequestLimit(),
        signsCommits: Bool = false,
        isLoggedIn: Bool = true,
        ports: [String: UInt16] = [:],
        rules: (SandboxNetwork) -> String = { _ in LocalDaemon.exampleRules }
    ) async throws {
        var options = SandboxOptions()
        options.signsCommits = signsCommits || wire == .relay
        options.streamHosts = streamHosts
        options.tracerInterval = tracer
        options.keepAlive = keepAlive
        options.requestLimit = requestLimit
        options.ports = ports
        let network = try await SandboxNetwork.start(options)
        let bot = try network.createAccount(handle: "notifier.test")
        author = try network.createAccount(handle: "grace.test")
        owners = try (0..<count).map { try network.createAccount(handle: "owner-\($0).test") }
        for owner in owners {
            try network.createRecord(
                by: owner,
                collection: LocalDaemon.projectCollection,
                record: ["name": "Engine"],
                key: "engine"
            )
        }
        var settings = LocalDaemon.Settings()
        settings.overrides = overrides
        settings.environment = environment
        settings.wire = wire
        settings.rules = rules(network)
        daemon = try LocalDaemon(binary: try #require(Self.binary), network: network, account: bot, settings: settings)
        self.network = network
        self.bot = bot
        if isLoggedIn { try await daemon.logIn() }
    }

    /// The daemon's binary; nil when it was not built beside the tests.
    static let binary = LocalDaemon.builtBinary

    /// Where an owner's project is.
    func project(of owner: Int) -> String { "at://\(owners[owner].did)/\(LocalDaemon.projectCollection)/engine" }

    /// Writes a change request and gives its AT-URI.
    @discardableResult
    func ask(_ title: String, of owner: Int = 0) throws -> String {
        try ask(title, subject: .string(project(of: owner)))
    }

    /// Writes a change request with any reference.
    @discardableResult
    func ask(_ title: String, subject: JSONValue?) throws -> String {
        var record: [String: JSONValue] = ["title": .string(title)]
        record["subject"] = subject
        return try network.createRecord(by: author, collection: LocalDaemon.collection, record: .object(record)).text
    }

    /// How often a message with this title is stored.
    func count(_ title: String) -> Int { network.chat.messages.filter { $0.text.contains("“\(title)”") }.count }

    /// Waits for a stream subscription of the daemon.
    func isListening(_ process: ChildProcess) async -> Bool {
        let requests = network.journal.stream()
        return await race(within: .seconds(20), unless: process) { [network] in
            if network.streamHosts[0].subscriberCount > 0 { return true }
            for await entry in requests where entry.request.server == "stream" { return entry.status == 101 }
            return false
        }
    }

    /// Waits until so many messages are stored; ends early with the process.
    func messages(reaching count: Int, within timeout: Duration, unless process: ChildProcess) async -> Int {
        _ = await race(within: timeout, unless: process) { [network] in
            await network.chat.messages(reaching: count, within: timeout).count >= count
        }
        return network.chat.messages.count
    }

    /// Kills the daemon, and waits until the PDS has done what it was asked for: who is started next finds it done.
    func kill(_ process: ChildProcess) async throws {
        process.signal(SIGKILL)
        #expect(await process.ended(within: .seconds(20)) == .signalled(SIGKILL), tail(process))
        try await awaitRest(of: network.pdsURL, "pds")
    }

    /// Waits until a server has no client any more; one ends when what it asked for is done and its client has gone.
    func awaitRest(of url: WebURL, _ server: String) async throws {
        // What waits to be taken is taken before a visitor who comes after it.
        let port = try #require(url.port)
        let isAnswered = try await onThread {
            let visitor = RawConnection(port: port)
            visitor.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return visitor.isEnded()
        }
        #expect(isAnswered, "\(server) takes no visitor")
        let isAtRest = await holds(within: .seconds(20), every: .milliseconds(5)) {
            network.connectionCount(to: server) == 0
        }
        #expect(isAtRest, "\(server) does not come to an end")
    }

    private func race(
        within timeout: Duration,
        unless process: ChildProcess,
        _ body: @escaping @Sendable () async -> Bool
    ) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await body() }
            group.addTask {
                for await _ in process.lines() {}
                return false
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}

/// What a failed test shows of the daemon's log.
func tail(_ process: ChildProcess) -> Comment { Comment(rawValue: process.output.suffix(25).joined(separator: "\n")) }

@Suite struct `The tests of the daemon` {
    @Test func `have the daemon that they are about`() {
        // Without it all the others are skipped.
        #expect(Stage.binary != nil, "swift build makes impact-notifier, or IMPACT_NOTIFIER_BINARY names it")
    }
}
