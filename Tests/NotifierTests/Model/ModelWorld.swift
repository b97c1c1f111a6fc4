import ATProtocol

@testable import Notifier

/// Everything outside of the ledger that the check must know: the chat service, the records, the settings, the people.
struct ModelWorld: Sendable, Hashable {
    /// A version of a record as its author's repository holds it.
    enum Version: String, Sendable, Hashable {
        case first = "v1"
        /// With other words.
        case second = "v2"
        /// About a project of another owner.
        case moved = "moved"
        case deleted
    }

    /// What an operator has configured.
    enum Settings: String, Sendable, Hashable, CaseIterable {
        case anyone
        case followers
        /// Only the other owner is on the list.
        case allowlist
        /// The first author is blocked.
        case blocked
        /// There is no rule any more for what was matched.
        case ruleless
        /// Followers are told, and the owners agreed to be mentioned.
        case mentions
        /// Nothing is sent.
        case shadow
        /// Every owner gets one message in five minutes.
        case window
        /// Every owner gets one message in an hour.
        case ownerLimit
        /// Every author's requests cause one message in an hour.
        case authorLimit
    }

    /// A message in a conversation: its marks, and the requests and versions that it tells.
    struct Stored: Sendable, Hashable {
        let reference: String
        let tells: [String]
        let rev: String
    }

    var settings = Settings.anyone
    /// Whether the sender asks the settings already when it takes up a job; ``JobQueue/begin`` asks them in any case.
    var refusesEarly = true
    /// For how many seconds what was sent counts for a limit; nil where there is none.
    var counted: Int?
    var records: [Int: Version] = [:]
    /// Requests whose author is gone, or that an operator dropped, since anything spoke for them.
    var calledOff: Set<Int> = []
    var dropped: Set<Int> = []
    /// Requests that an operator wants told whatever became of their record.
    var insisted: Set<Int> = []
    /// Requests that were seen, or written anew, while sending was off.
    var shadowed: Set<Int> = []
    /// What each request said last, deleted or not.
    var written: [Int: Version] = [:]
    var followers: Set<DID> = []
    var blockers: Set<DID> = []
    var silent: Set<DID> = []
    var unreadable: Set<DID> = []
    var conversations: [DID: [Stored]] = [:]
    /// The public posts by their keys: which request they speak of, and whom they mention.
    var posts: [String: String] = [:]
    var revision = 1

    static let sender = World.sender
    static let owners = [World.did("ownerone"), World.did("ownertwo")]
    static let authors = [World.did("authorone"), World.did("authortwo")]

    /// Who wrote a request: the second one is another author's.
    static func author(of request: Int) -> DID { authors[request == 1 ? 1 : 0] }

    static func uri(of request: Int) -> String { "at://\(author(of: request))/com.example.change.request/r\(request)" }

    /// The project that a version is about; the third request is about one of two owners.
    static func reference(of request: Int, _ version: Version) -> String {
        if version == .moved { return "at://\(owners[1])/com.example.project/p" }
        return "at://\(owners[0])/com.example.project/\(request == 2 ? "shared" : "p")"
    }

    static func recipients(of reference: String) -> Set<DID> {
        if reference.hasSuffix("shared") { return Set(owners) }
        return reference.hasPrefix("at://\(owners[1])") ? [owners[1]] : [owners[0]]
    }

    static func cid(of request: Int, _ version: Version) -> String { "r\(request)-\(version.rawValue)" }

    var configuration: NotifierConfiguration {
        Self.configurations[settings, default: NotifierConfiguration(rules: [])]
    }

    private static let configurations: [Settings: NotifierConfiguration] = {
        var all: [Settings: NotifierConfiguration] = [:]
        for settings in Settings.allCases {
            guard var configuration = try? World.configuration() else { continue }
            configuration.digest.maximumListed = 5
            configuration.digest.window = .zero
            switch settings {
            case .anyone: break
            case .followers: configuration.policy.recipients = .followers
            case .allowlist:
                configuration.policy.recipients = .allowlist
                configuration.policy.allowlist = [owners[1]]
            case .blocked: configuration.policy.blockedAuthors = [authors[0]]
            case .ruleless: configuration.rules = (try? [World.rule(name: "other")]) ?? []
            case .mentions:
                configuration.policy.recipients = .followers
                configuration.mentions.owners = Set(owners)
                configuration.mentions.interval = .zero
                configuration.mentions.dailyLimit = 1000
            case .shadow: configuration.sending.isEnabled = false
            case .window: configuration.digest.window = .seconds(300)
            case .ownerLimit: configuration.policy.ownerHourlyLimit = 1
            case .authorLimit: configuration.policy.authorHourlyLimit = 1
            }
            all[settings] = configuration
        }
        return all
    }()

    /// The settings as the ledger remembers those by which what waits was looked at last.
    static let fingerprints = configurations.mapValues(\.fingerprint)

    /// Whose messages, as a column, one of which may leave in so many seconds; nil without a limit.
    var limit: (column: String, window: Int)? {
        switch settings {
        case .window: ("owner", 300)
        case .ownerLimit: ("owner", 3600)
        case .authorLimit: ("author", 3600)
        default: nil
        }
    }

    /// Why these settings say that somebody must not be told now; nil when they do not.
    func exclusion(of owner: DID, from request: Int, suppressed: Set<DID>) -> String? {
        if suppressed.contains(owner) { return "is suppressed" }
        if shadowed.contains(request) { return "is told of what was seen while sending was off" }
        switch settings {
        case .blocked where Self.author(of: request) == Self.authors[0]: return "is told by a blocked author"
        case .allowlist where owner != Self.owners[1]: return "is not on the list"
        case .ruleless: return "is told by no rule"
        case .shadow: return "is told while sending is off"
        default: return nil
        }
    }
}

extension ModelWorld {
    /// What is wrong with a message that leaves now.
    func faults(of tells: [String], to owner: DID, suppressed: Set<DID>) -> [String] {
        tells.compactMap { told in
            guard let request = told.dropFirst().first?.wholeNumberValue, let version = records[request] else {
                return told
            }
            if let cause = exclusion(of: owner, from: request, suppressed: suppressed) {
                return "\(owner) \(cause): \(told)"
            }
            if calledOff.contains(request) { return "\(told) was called off and is sent" }
            if dropped.contains(request) { return "\(told) was dropped by the operator and is sent" }
            if version == .deleted { return insisted.contains(request) ? nil : "\(told) is deleted and is sent" }
            if told != Self.cid(of: request, version) {
                return "\(told) is sent, and the newest is \(version.rawValue)"
            }
            let recipients = Self.recipients(of: Self.reference(of: request, version))
            return recipients.contains(owner) ? nil : "\(told) is sent to \(owner), who does not own it"
        }
    }

    /// The service stores a message; what is wrong with the conversation then.
    mutating func store(_ reference: String, _ tells: [String], for owner: DID) -> [String] {
        revision += 1
        conversations[owner, default: []].append(Stored(reference: reference, tells: tells, rev: Self.rev(revision)))
        let told = conversations[owner, default: []].flatMap(\.tells).map { $0.prefix(2) }
        return Set(told).count == told.count ? [] : ["\(owner) has been told twice: \(told)"]
    }

    static func rev(_ number: Int) -> String { "rev" + String(1000 + number) }

    /// How often an owner was told of a request.
    func told(_ request: Int, to owner: DID) -> Int {
        conversations[owner, default: []].count { $0.tells.contains { $0.hasPrefix("r\(request)-") } }
    }
}
