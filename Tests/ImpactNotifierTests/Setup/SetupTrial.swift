import ATProtocol
import Sandbox

@testable import ImpactNotifier

/// Plays `init` without a terminal and without a network: lines go in, questions and decisions come out.
struct SetupTrial {
    static let bot = "did:plc:botaaaaaaaaaaaaaaaaaaaaa"
    static let owner = "did:plc:owneraaaaaaaaaaaaaaaaaaa"
    static let author = "did:plc:authoraaaaaaaaaaaaaaaaaa"

    private var machine: SetupMachine
    /// What somebody is going to type.
    var lines: [String]
    /// The accounts that there are, by handle.
    var handles = [
        "bot.example.com": SetupTrial.bot, "you.example.com": SetupTrial.owner, "grace.example.com": SetupTrial.author,
    ]
    var lacksOAuth: String?
    /// By AT-URI.
    var records: [String: JSONValue] = [:]
    private(set) var asked: [SetupQuestion] = []
    private(set) var said: [String] = []

    init(_ lines: [String] = [], given: [SetupQuestion: String] = [:], isAsking: Bool = true, starts: Bool = true) {
        self.lines = lines
        machine = SetupMachine(given: given, isAsking: isAsking, starts: starts)
    }

    var start: SetupAnswer.Start { machine.start }

    /// Plays to the end.
    mutating func play() -> Result<SetupChoices, SetupError> {
        var actions = machine.handle(.begin)
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .say(let line): said.append(line)
            case .ask(let question):
                asked.append(question)
                actions += machine.handle(lines.isEmpty ? .ended : .line(lines.removeFirst()))
            case .examine(let account): actions += machine.handle(examine(account))
            case .fetch(let uri):
                let found = records[uri.text].map { SetupMachine.Event.record(uri, $0) }
                actions += machine.handle(found ?? .notFound("\(uri) is not there"))
            case .identify(let accounts):
                let people = accounts.compactMap(did)
                let isWhole = people.count == accounts.count
                actions += machine.handle(isWhole ? .people(people) : .notFound("one of them is not there"))
            case .finish: return .success(machine.choices)
            case .giveUp(let objection): return .failure(objection)
            }
        }
        return .failure(SetupError("it stands still", .software))
    }

    private func examine(_ account: ATURI.Authority) -> SetupMachine.Event {
        guard let did = did(of: account) else { return .notFound("there is no such account") }
        let handle = handles.first { $0.value == did.text }.flatMap { try? Handle($0.key) }
        return .account(
            AccountReport(
                did: did,
                handle: handle,
                server: "https://pds.example.com",
                lacksOAuth: lacksOAuth,
                lacksChat: nil
            )
        )
    }

    private func did(of account: ATURI.Authority) -> DID? {
        switch account {
        case .did(let did): did
        case .handle(let handle): handles[handle.normalized].flatMap { try? DID($0) }
        }
    }
}

/// Where a trial's configuration goes: a folder of its own.
struct SetupFolder {
    let directory: TemporaryDirectory
    let loader: ConfigurationLoader

    init() throws {
        directory = try TemporaryDirectory()
        loader = ConfigurationLoader(environment: ["PATH": "/usr/bin:/bin"])
    }

    var path: String { directory.file("impact-notifier.yaml") }
    var place: SetupPlace { SetupPlace(path: path, by: loader) }
    var files: SetupFiles { SetupFiles(place: place, loader: loader) }

    /// What `check` makes of the file that was written.
    func check() throws -> Configuration {
        var loader = loader
        loader.purpose = .check
        return try loader.load(path: path).configuration
    }
}
