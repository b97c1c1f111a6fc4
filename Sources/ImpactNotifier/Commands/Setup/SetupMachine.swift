internal import ATProtocol
internal import Notifier

/// The state machine of `init`: what it asks, says and looks up, from the first question to the last answer.
///
/// It does no I/O itself.
struct SetupMachine {
    /// What happens.
    enum Event {
        case begin
        /// Somebody typed a line.
        case line(String)
        /// Nothing more will be typed.
        case ended
        /// The account was found.
        case account(AccountReport)
        /// A requested record, with its author's DID.
        case record(ATURI, JSONValue)
        /// The accounts of an allowlist were found.
        case people([DID])
        /// What was looked up does not exist.
        case notFound(String)
    }

    /// What to do next.
    enum Action: Equatable {
        case say(String)
        /// Ask a question, and pass on the typed line.
        case ask(SetupQuestion)
        /// Look up an account, and what its server supports.
        case examine(ATURI.Authority)
        /// Read a record from its author's server.
        case fetch(ATURI)
        /// Find the DIDs of accounts.
        case identify([ATURI.Authority])
        /// Everything is decided.
        case finish
        case giveUp(SetupError)
    }

    /// The decisions so far.
    private(set) var choices: SetupChoices
    /// What to do at the end.
    private(set) var start = SetupAnswer.Start.later

    private var pending: [SetupQuestion]
    private var given: [SetupQuestion: String]
    private let isAsking: Bool
    private var attempts = 0
    private var account: AccountReport?
    private var record: (uri: ATURI, value: JSONValue)?
    private var candidates: [ReferenceCandidate] = []
    private var recipients = SetupAnswer.Recipients()

    /// How often an answer may be wrong.
    static let patience = 5

    /// A machine that has not asked anything yet.
    ///
    /// - Parameters:
    ///   - given: answers that were given as options.
    ///   - isAsking: whether somebody sits at a terminal.
    ///   - starts: whether a login may follow at once.
    ///   - choices: choices that no question is about.
    init(
        given: [SetupQuestion: String],
        isAsking: Bool,
        starts: Bool = true,
        choices: SetupChoices = SetupChoices()
    ) {
        self.given = given
        self.isAsking = isAsking
        self.choices = choices
        pending = SetupQuestion.allCases.filter { $0 != .reference && ($0 != .start || starts) }
    }

    /// Handles an event.
    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .begin:
            if !isAsking, let objection = errorInOptions { return [.giveUp(objection)] }
            return goOn()
        case .line(let text): return take(text, isTyped: true)
        case .ended: return [.giveUp(SetupError("Nothing more was typed; nothing was written.", .failure))]
        case .account(let report):
            account = report
            choices.account = report.value
            return report.lines.map(Action.say) + answered()
        case .record(let uri, let value): return look(at: uri, value)
        case .people(let people):
            choices.allowlist = people
            return answered()
        case .notFound(let reason): return refuse(SetupError(reason, .unavailable))
        }
    }

    /// Everything that is wrong with the options; nil when nothing is.
    private var errorInOptions: SetupError? {
        let missing = pending.filter { $0.isNeeded && given[$0] == nil }.map(\.option)
        var reasons: [String] = []
        if !missing.isEmpty {
            let list = missing.joined(separator: ", ")
            reasons.append("Without a terminal nothing is asked, and these options are needed: \(list).")
        }
        for question in pending {
            guard let text = given[question] else { continue }
            do throws(SetupError) { try check(text, of: question) } catch { reasons.append(error.description) }
        }
        return reasons.isEmpty ? nil : SetupError(reasons.joined(separator: "\n"))
    }

    private func check(_ text: String, of question: SetupQuestion) throws(SetupError) {
        switch question {
        case .account: _ = try SetupAnswer.account(text)
        case .rule: _ = try SetupAnswer.rule(text)
        case .reference: break
        case .session: _ = try SetupAnswer.session(text, isHidden: false)
        case .recipients: _ = try SetupAnswer.recipients(text)
        case .start: _ = try SetupAnswer.start(text)
        }
    }

    /// Takes the next question's answer from its option, asks it, or takes the default.
    private mutating func goOn() -> [Action] {
        guard let question = pending.first else { return [.finish] }
        if let text = given[question] { return take(text, isTyped: false) }
        if isAsking { return [.ask(question)] }
        // An empty answer means to log in later.
        if question == .start { return answered() }
        return take("", isTyped: false)
    }

    private mutating func answered() -> [Action] {
        pending.removeFirst()
        attempts = 0
        return goOn()
    }

    private mutating func take(_ text: String, isTyped: Bool) -> [Action] {
        guard let question = pending.first else { return [] }
        do throws(SetupError) {
            switch question {
            case .account: return [.examine(try SetupAnswer.account(text))]
            case .rule:
                switch try SetupAnswer.rule(text) {
                case .record(let uri): return [.fetch(uri)]
                case .presets(let names): choices.rules = .presets(names)
                }
            case .reference: try follow(SetupAnswer.reference(text, among: candidates))
            case .session: choices.session = try judged(SetupAnswer.session(text, isHidden: isTyped))
            case .recipients:
                recipients = try SetupAnswer.recipients(text)
                choices.recipients = recipients.policy
                choices.isShadow = choices.isShadow || recipients.isShadow
                if !recipients.allowed.isEmpty { return [.identify(recipients.allowed)] }
            case .start: start = try SetupAnswer.start(text)
            }
        } catch { return refuse(error) }
        return answered()
    }

    /// Says what is wrong, and asks again if somebody is there to answer.
    private mutating func refuse(_ objection: SetupError) -> [Action] {
        guard let question = pending.first, isAsking else { return [.giveUp(objection)] }
        given[question] = nil
        attempts += 1
        guard attempts < Self.patience else {
            let end = "That was \(attempts) times; nothing was written. --help tells what is meant."
            return [.say(objection.description), .giveUp(SetupError(end, objection.status))]
        }
        return [.say(objection.description), .ask(question)]
    }

    private func judged(_ session: SetupChoices.Session) throws(SetupError) -> SetupChoices.Session {
        if case .appPassword = session { return session }
        guard let account, let reason = account.lacksOAuth else { return session }
        throw SetupError("\(account.server) offers no login by OAuth (\(reason)); an app password is the other way")
    }

    private mutating func look(at uri: ATURI, _ value: JSONValue) -> [Action] {
        let excerpt = value.abridged(characters: 80, bytes: 800).encodedText
        let shown = [Action.say("   \(uri) is"), .say("   \(excerpt)")]
        candidates = ReferenceCandidate.all(in: value, by: uri.did)
        record = (uri, value)
        let wanted = given[.reference]
        guard let first = candidates.first, uri.collection != nil else {
            let reason = "no field of it is an AT-URI or a DID, so that nobody can be found: name another record"
            return shown + refuse(SetupError(reason, .dataError))
        }
        let owners = Set(candidates.map(\.owner))
        if wanted == nil, owners.count == 1 || candidates.count == 1 {
            follow(first)
            return shown + [.say("   Its project is at \(first.text).")] + answered()
        }
        let list = candidates.enumerated().map { Action.say("     \($0.offset + 1)  \($0.element.text)") }
        guard wanted != nil || isAsking else {
            let reason = "it refers to several: choose one by \(SetupQuestion.reference.option)"
            return shown + list + [.giveUp(SetupError(reason))]
        }
        pending[0] = .reference
        return shown + list + goOn()
    }

    private mutating func follow(_ candidate: ReferenceCandidate) {
        guard let record, let collection = record.uri.collection else { return }
        let title = ["title", "name", "summary", "text", "comment", "body", "description", "message"].first {
            record.value[$0]?.string != nil
        }
        choices.rules = .own(
            SetupChoices.OwnRule(record: record.uri, collection: collection, reference: candidate, title: title)
        )
    }
}
