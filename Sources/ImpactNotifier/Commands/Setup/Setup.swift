internal import ATProtocol
internal import ArgumentParser
internal import FoundationEssentials
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// The command `init`: makes a configuration that passes `check`.
struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Asks five questions and writes a configuration.",
        discussion: """
            At a terminal it asks what no option says, five questions, and one more about a record of yours that refers to \
            several projects; then it offers to log in, to let the doctor look and to send a test message. Without a terminal it asks nothing: --account and --rule must be given, and it \
            prints which commands come next. It finds the account and looks at what its server can do.

            It replaces no file, but for the configuration that the package brings, while nobody has changed that. When it \
            ends early, nothing was written.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Option(help: ArgumentHelp("The account that sends the messages.", valueName: "did-or-handle"))
    var account: String?

    @Option(
        help: ArgumentHelp(
            "Rules that come with the program, by their names; or a record of your own to make a rule after. May be repeated.",
            valueName: "name-or-uri"
        )
    )
    var rule: [String] = []

    @Option(help: ArgumentHelp("The field of that record which refers to the project.", valueName: "path"))
    var referencePath: String?

    @Option(
        help: ArgumentHelp(
            "How it logs in: loopback (OAuth, 14 days; the default), app-password, or the https:// URL of a folder that you "
                + "host (OAuth, two years).",
            valueName: "kind-or-url"
        )
    )
    var session: String?

    @Option(
        help: ArgumentHelp("The file that holds the app password. Default: secrets/app-password.", valueName: "file")
    )
    var appPasswordFile: String?

    @Option(help: ArgumentHelp("Who gets messages: followers (the default), allowlist, or anyone.", valueName: "who"))
    var recipients: String?

    @Option(help: ArgumentHelp("An account of the allowlist. May be repeated.", valueName: "did-or-handle"))
    var allow: [String] = []

    @Flag(help: "Nothing is sent: the log says what would have been (sending.enabled: false).")
    var shadow = false

    @Option(help: ArgumentHelp("Where ledger and session live.", valueName: "directory"))
    var stateDirectory: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Any other key, with its value. May be repeated.", valueName: "key=value")
    )
    var settings: [String] = []

    @Option(name: .customLong("send-to"), help: ArgumentHelp("Who gets a test message.", valueName: "handle-or-did"))
    var recipient: String?

    @Flag(name: .customLong("print"), help: "Only prints the configuration, on standard output.")
    var onlyPrints = false

    @OptionGroup var output: OutputOption

    func validate() throws {
        if onlyPrints, output.json { throw ValidationError("--print and --json exclude each other") }
        if appPasswordFile != nil, session != nil, session != SessionKind.appPassword.rawValue {
            throw ValidationError("--app-password-file goes with --session app-password")
        }
        if referencePath != nil, !rule.isEmpty, !rule.contains(where: { $0.hasPrefix("at://") }) {
            throw ValidationError("--reference-path goes with --rule AT-URI: it names a field of that record")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let loader = ConfigurationLoader(environment: environment)
        Instance.name = loader.instance(of: configuration.file)
        LogOutput.bootstrap(format: .logfmt, level: .critical)
        let terminal = SetupTerminal()
        let signals = await OperatorSignal.listen()
        let ending = Task { for await request in signals.requests where request == .stop { terminal.interrupt() } }
        defer { ending.cancel() }
        let place = SetupPlace(path: configuration.file, by: loader, stateDirectory: stateDirectory)
        var status: Int32 = 0
        do throws(SetupError) {
            if !onlyPrints, let objection = place.objection { throw objection }
            let isAsking = SetupTerminal.isThere
            var machine = SetupMachine(
                given: given,
                isAsking: isAsking,
                starts: !onlyPrints,
                choices: try self.choices
            )
            try await decide(&machine, at: place, by: loader, terminal)
            let (decided, start) = (machine.choices, machine.start)
            if onlyPrints {
                StandardOutput.write(Array(try decided.text(at: place).utf8))
                if case .appPassword(_?) = decided.session {
                    terminal.say("The password was not kept: put it into \(place.secret("app-password")), of mode 600.")
                }
                return
            }
            terminal.handOver()
            let written = try SetupFiles(place: place, loader: loader).write(decided)
            let steps = SetupSteps(place: place, choices: decided, start: start)
            if isAsking, !output.json, case .now = start, steps.canBegin {
                for line in written { StandardOutput.print(line) }
                status = try await begin(steps, environment)
            } else {
                output.show(steps.json, written + steps.lines)
            }
        } catch {
            throw error.status.saying(error.description)
        }
        guard status == 0 else { throw ExitCode(status) }
    }

    /// Runs `login` and `doctor` in the operator's terminal.
    ///
    /// - Returns: the exit status of the first command that failed; 0 when all succeeded.
    private func begin(_ steps: SetupSteps, _ environment: [String: String]) async throws(SetupError) -> Int32 {
        for arguments in steps.beginning {
            StandardOutput.print("\n\(arguments[0]):")
            let status: Int32
            do throws(SystemError) {
                status = try await SetupTerminal.run(arguments, environment: environment)
            } catch { throw SetupError("\(arguments[0]) cannot be started: \(error)", .failure) }
            guard status == 0 else {
                StandardOutput.print(
                    "\nThat ended with status \(status). The configuration is kept. Correct it, and go on with:"
                )
                for line in steps.lines { StandardOutput.print(line) }
                return status
            }
        }
        StandardOutput.print("")
        for line in steps.lastLines { StandardOutput.print(line) }
        return 0
    }

    /// The answers that were given as options.
    private var given: [SetupQuestion: String] {
        var given: [SetupQuestion: String] = [:]
        given[.account] = account
        given[.rule] = rule.isEmpty ? nil : rule.joined(separator: " ")
        given[.reference] = referencePath
        given[.session] = session ?? appPasswordFile.map { _ in "app-password" }
        given[.recipients] = recipients.map { ([$0] + allow).joined(separator: " ") }
        if recipients == nil, !allow.isEmpty { given[.recipients] = (["allowlist"] + allow).joined(separator: " ") }
        given[.start] = recipient
        return given
    }

    private var choices: SetupChoices {
        get throws(SetupError) {
            var choices = SetupChoices()
            choices.isShadow = shadow
            choices.appPasswordFile = appPasswordFile
            for text in settings { choices.settings.append(try SetupSetting(text)) }
            return choices
        }
    }

    /// Asks and looks up until everything is decided.
    private func decide(
        _ machine: inout SetupMachine,
        at place: SetupPlace,
        by loader: ConfigurationLoader,
        _ terminal: SetupTerminal
    ) async throws(SetupError) {
        // The configuration as decided so far, filled up from the example: its settings say which network to ask.
        let text = try machine.choices.text(at: place)
        let draft: Configuration
        do throws(ConfigurationError) {
            draft = try loader.load(path: place.path, draft: text).configuration
        } catch { throw SetupError(error.description, .configuration) }
        let services = NetworkServices(draft, logger: Logger(label: "init"))
        let inquiry = AccountInquiry(configuration: draft, services: services)
        var actions = machine.handle(.begin)
        while !actions.isEmpty {
            let action = actions.removeFirst()
            do throws(SetupError) {
                switch action {
                case .say(let line): terminal.say(line)
                case .ask(let question):
                    let line = await terminal.ask(question)
                    actions += machine.handle(line.map(SetupMachine.Event.line) ?? .ended)
                case .examine(let account): actions += machine.handle(.account(try await inquiry.report(on: account)))
                case .fetch(let uri):
                    let (place, value) = try await fetch(uri, by: draft, services)
                    actions += machine.handle(.record(place, value))
                case .identify(let accounts):
                    var people: [DID] = []
                    for account in accounts { people.append(try await inquiry.did(of: account)) }
                    actions += machine.handle(.people(people))
                case .finish: return
                case .giveUp(let objection): throw objection
                }
            } catch {
                if case .giveUp = action { throw error }
                actions += machine.handle(.notFound(error.description))
            }
        }
    }

    private func fetch(
        _ uri: ATURI,
        by configuration: Configuration,
        _ services: NetworkServices
    ) async throws(SetupError) -> (ATURI, JSONValue) {
        let network = (services.identities, services.http)
        let reader = DryRun(configuration: configuration.delivery, sender: nil, network: network)
        do throws(Refusal) { return try await reader.fetch(uri) } catch {
            throw SetupError("\(uri) cannot be read: \(error.detail) (\(error.reason.rawValue))", .noInput)
        }
    }
}
