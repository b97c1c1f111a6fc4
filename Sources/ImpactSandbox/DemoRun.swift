internal import ATProtocol
internal import Glibc
internal import Network
internal import Sandbox

/// One performance: a network, three people, the daemon, and the count of what arrived.
final class DemoRun: Sendable {
    /// Each wait for a message, with a margin for a machine that is busy building.
    private static let patience = Duration.seconds(60)

    private let network: SandboxNetwork
    private let daemon: LocalDaemon
    private let terminal: Terminal
    private let pause: Duration
    private let owner: SandboxAccount
    private let author: SandboxAccount
    private let project: ATURI
    private let repository: DID

    /// Starts the network and logs the daemon in.
    init(binary: String, terminal: Terminal, pause: Duration) async throws {
        self.terminal = terminal
        self.pause = pause
        var options = SandboxOptions()
        options.tracerInterval = .seconds(1)
        network = try await SandboxNetwork.start(options)
        let bot = try network.createAccount(handle: "notifier.test")
        owner = try network.createAccount(handle: "ada.test")
        author = try network.createAccount(handle: "grace.test")
        project = try network.createRecord(
            by: owner,
            collection: LocalDaemon.projectCollection,
            record: ["name": "Analytical Engine"],
            key: "engine"
        )
        repository = try network.createRepositoryIdentity()
        let claim = try network.claim(repository, by: owner, name: "Difference Engine", key: "difference")
        terminal.say("network on loopback: PLC directory \(network.plcURL), PDS \(network.pdsURL),")
        terminal.say(
            "  OAuth \(network.authorizationServerURL), chat behind the PDS, Jetstream \(network.streamHosts[0].origin)"
        )
        terminal.say("project “Analytical Engine” of \(owner.handle): \(project)")
        terminal.say("repository “Difference Engine” of \(owner.handle), with a DID of its own: \(repository)")
        terminal.say("  the index \(network.indexURL.origin) knows whose it is, and \(claim) confirms that")
        var settings = LocalDaemon.Settings()
        settings.rules += "\n" + LocalDaemon.repositoryRules(network)
        daemon = try LocalDaemon(binary: binary, network: network, account: bot, settings: settings)
        terminal.say("$ impact-notifier login --config \(daemon.configurationPath)")
        for line in try await daemon.logIn() { terminal.daemon(line) }
        terminal.say("logged in; the demo played the browser, \(bot.handle) agreed")
    }

    /// Writes requests and shows what comes of them.
    ///
    /// - Parameter requests: how many; nil goes on until it is cancelled.
    /// - Returns: whether each message came exactly once and the daemon ended as it should.
    func play(requests: Int?) async -> Bool {
        defer { network.stop() }
        let mail = showMail()
        defer { mail.cancel() }
        do {
            var process = try start()
            var number = 0
            while requests.map({ number < $0 }) ?? true, !Task.isCancelled {
                number += 1
                let isKillDue = number == 2
                if isKillDue { holdAnswers() }
                try ask(number)
                if isKillDue { process = try await killInFlight(process) }
                guard await hasArrived(number, process) else {
                    if Task.isCancelled { return await stop(process) }
                    return false
                }
                try? await Task.sleep(for: requests == number ? .zero : pause)
            }
            return Task.isCancelled ? await stop(process) : await finish(process, expected: number)
        } catch {
            terminal.say("FAILED: \(error)")
            return false
        }
    }

    private func start() throws -> ChildProcess {
        terminal.say("$ impact-notifier run --config \(daemon.configurationPath)")
        let process = try daemon.run()
        Task { [terminal] in for await line in process.lines() { terminal.daemon(line) } }
        return process
    }

    private func showMail() -> Task<Void, Never> {
        let deliveries = network.chat.deliveries()
        return Task { [terminal, network] in
            for await message in deliveries {
                let name = network.account(named: message.recipient.text)?.handle.text ?? message.recipient.text
                terminal.message(to: name, message.text)
            }
        }
    }

    private func title(_ number: Int) -> String { "Change request no. \(number)" }

    private func ask(_ number: Int) throws {
        // The second is an issue as Tangled's clients write it.
        let isIssue = number == 2
        let reference = isIssue ? ("repo", repository.text) : ("subject", project.text)
        let uri = try network.createRecord(
            by: author,
            collection: isIssue ? LocalDaemon.repositoryIssues : LocalDaemon.collection,
            record: .object(["title": .string(title(number)), reference.0: .string(reference.1)])
        )
        terminal.say("\(author.handle) writes “\(title(number))”: \(uri)")
    }

    /// Lets the chat service store the next message and keep its answer to itself.
    private func holdAnswers() { network.faults.add(Fault(.delay(.seconds(20))), on: "sendMessage", count: 100) }

    /// Kills the daemon when the chat service has the message and the daemon does not know it yet.
    private func killInFlight(_ process: ChildProcess) async throws -> ChildProcess {
        _ = await network.chat.messages(reaching: 2, within: Self.patience)
        terminal.say("kill -9 \(process.identifier): the message is stored, the daemon has not been told")
        process.signal(SIGKILL)
        _ = await process.ended(within: .seconds(10))
        network.faults.clear()
        return try start()
    }

    private func count(_ number: Int) -> Int {
        network.chat.messages.filter { $0.text.contains("“\(title(number))”") }.count
    }

    private func hasArrived(_ number: Int, _ process: ChildProcess) async -> Bool {
        await withTaskGroup { group in
            group.addTask { [network] in _ = await network.chat.messages(reaching: number, within: Self.patience) }
            group.addTask { for await _ in process.lines() {} }
            await group.next()
            group.cancelAll()
        }
        let isThere = count(number) > 0
        if !isThere, !Task.isCancelled {
            let reason = process.ending.map { "the daemon ended: \($0)" } ?? "no message within \(Self.patience)"
            terminal.say("FAILED: “\(title(number))” did not arrive: \(reason)")
        }
        return isThere
    }

    /// Ends the daemon because somebody wants to leave.
    private func stop(_ process: ChildProcess) async -> Bool {
        process.signal(SIGTERM)
        let ending = await process.ended(within: .seconds(30))
        terminal.say("stopped everything; the daemon ended: \(ending)")
        return ending == .exited(0)
    }

    /// Ends the daemon, which finishes what it has begun, and counts.
    private func finish(_ process: ChildProcess, expected: Int) async -> Bool {
        // The verification of the interrupted send waits for its settle time; a double would come right behind it.
        _ = await network.chat.messages(reaching: expected + 1, within: .seconds(5))
        terminal.say("kill -TERM \(process.identifier)")
        process.signal(SIGTERM)
        let ending = await process.ended(within: .seconds(30))
        let counts = (1...max(1, expected)).map(count)
        terminal.say(
            "messages per request: \(counts.map(String.init).joined(separator: ", ")); the daemon ended: \(ending)"
        )
        let isGood = counts.allSatisfy { $0 == 1 } && network.chat.messages.count == expected && ending == .exited(0)
        terminal.say(isGood ? "no message lost, none doubled, across one kill -9" : "FAILED")
        return isGood
    }
}
