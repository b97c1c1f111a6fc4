internal import Network
internal import Templates

extension ComposedMessage {
    /// The answer to what somebody wrote, in one line.
    ///
    /// - Parameters:
    ///   - answer: what it says.
    ///   - configuration: names the service, and the contact for questions.
    ///   - mark: the mark of the answered message, by which the answer is found again.
    init(_ answer: OwnerAnswer, _ configuration: MessageConfiguration, mark: String) {
        let reference = MessageReference.reference([mark])
        let contact = configuration.contact.isEmpty ? "" : " Questions: \(configuration.contact)."
        let texts = [contact, ""].map { "\(configuration.service): \(answer.words)\($0) [\(reference)]" }
        let isShort = texts[0].count <= Self.maximumGraphemes && texts[0].utf8.count <= Self.maximumBytes
        self.init(text: texts[isShort ? 0 : 1], links: [], reference: reference)
    }
}

extension OwnerAnswer {
    /// The kind that is stored for it.
    var kind: MessageKind {
        switch self {
        case .stopped: .stopped
        case .started: .started
        case .notUnderstood: .help
        case .help: .commands
        case .status: .status
        case .muted: .muted
        case .unmuted: .unmuted
        case .projectUnknown: .unclear
        case .digest: .digest
        }
    }

    fileprivate var words: String {
        switch self {
        case .stopped: "You get no more messages. Answer START to get them again."
        case .started: "You get messages again. Answer STOP to get no more."
        case .notUnderstood: "I did not understand that. Answer HELP for what I do, STOP to get no more messages."
        case .help:
            "Answer STATUS for what waits for you; MUTE and a project, with a number of days or for good, or UNMUTE; "
                + "DIGEST NOW, HOURLY, DAILY or WEEKLY; STOP or START."
        case .status(let standing): standing.words
        case .muted(let projects, let days):
            "You get no messages about \(Self.list(projects)) \(Self.span(days)). Answer UNMUTE to get them again."
        case .unmuted(let projects):
            projects.isEmpty ? "Nothing of that is muted." : "You get messages about \(Self.list(projects)) again."
        case .projectUnknown(let projects):
            projects.isEmpty
                ? "I know no project of yours yet."
                : "I do not know which project that is. Answer MUTE or UNMUTE and its name: \(Self.list(projects))."
        case .digest(let pace): pace.words
        }
    }

    private static func span(_ days: Int?) -> String {
        guard let days else { return "any more" }
        return days == 1 ? "for a day" : "for \(days) days"
    }

    /// The most projects that are named; more are only counted.
    fileprivate static let maximumNamed = 5

    /// Titles in quotation marks; equal titles are listed once.
    fileprivate static func list(_ titles: [String]) -> String {
        var seen: Set<String> = []
        let names = titles.filter { seen.insert($0).inserted }.map(quoted)
        let more = names.count - maximumNamed
        return names.prefix(maximumNamed).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    fileprivate static func quoted(_ title: String) -> String {
        ForeignWords.quoted(title, graphemes: 40, bytes: 200)
    }
}

extension OwnerStanding {
    fileprivate var words: String {
        var sentences = [isStopped ? "You get no messages; answer START to get them again." : waitingWords]
        if let pace { sentences.append(pace.words) }
        if !muted.isEmpty {
            let names = muted.prefix(OwnerAnswer.maximumNamed).map { muted in
                OwnerAnswer.quoted(muted.project) + (muted.until.map { " until \(CalendarDate($0))" } ?? "")
            }
            let more = muted.count - names.count
            sentences.append("Muted: \(names.joined(separator: ", "))\(more > 0 ? " and \(more) more" : "").")
        }
        return sentences.joined(separator: " ")
    }

    private var waitingWords: String {
        let total = waiting.reduce(0) { $0 + $1.number }
        guard total > 0 else { return "Nothing waits for you." }
        var names = waiting.prefix(OwnerAnswer.maximumNamed).map {
            "\($0.number) about \(OwnerAnswer.quoted($0.project))"
        }
        let others = total - waiting.prefix(OwnerAnswer.maximumNamed).reduce(0) { $0 + $1.number }
        if others > 0 { names.append("\(others) about others") }
        let waits = total == 1 ? "1 request waits" : "\(isMore ? "More than \(total)" : "\(total)") requests wait"
        let those = total == 1 ? "It waits" : untilFollow == total ? "They wait" : "\(untilFollow) of them wait"
        return "\(waits) for you: \(names.joined(separator: ", "))."
            + (untilFollow == 0 ? "" : " \(those) until you follow this account.")
    }
}

extension DigestPace {
    fileprivate var words: String {
        switch self {
        case .now: "You get a message as soon as there is something to tell."
        case .hourly: "You get one message an hour at the most."
        case .daily: "You get one message a day at the most."
        case .weekly: "You get one message a week at the most."
        }
    }
}
