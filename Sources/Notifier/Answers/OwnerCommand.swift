/// What an owner asks for in an answer.
///
/// Stop and start may be said in many ways and languages (``OptOutKeyword``). The other commands are English words,
/// alone or between polite ones. Only the words that somebody wrote themselves count, not quotations nor the closing of
/// a letter.
enum OwnerCommand: Sendable, Hashable {
    /// To get no more messages.
    case stop
    /// To get messages again.
    case start
    /// To be told what they can ask for.
    case help
    /// To be told what waits for them.
    case status
    /// To be told nothing about a project: the possible meanings, the likeliest first; none when no project is named.
    case mute([Muting])
    /// To be told about a project again: the possible names, the likeliest first; nil among them means all.
    case unmute([String?])
    /// To be written to at most so often.
    case digest(DigestPace)

    /// A project, and for how long to mute it.
    struct Muting: Sendable, Hashable {
        let project: String
        /// For how many days; nil for good.
        let days: Int?
    }

    /// Reads an answer; nil when it asks for none of these.
    init?(_ text: String) {
        if let keyword = OptOutKeyword(text) {
            self = keyword == .stop ? .stop : .start
            return
        }
        let own = OwnWords.of(text)
        guard own.count <= OptOutKeyword.maximumLength else { return nil }
        let each = own.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        // “Stop” makes every other command in the answer pointless.
        if each.count > 1 {
            let commands = each.map { OwnerCommand(String($0)) }
            if commands.contains(.stop), !commands.contains(.start), !commands.contains(nil) {
                self = .stop
                return
            }
        }
        let words = FoldedWord.words(of: own)
        if let command = Self.plain.first(where: { FoldedWord.are(words, oneOf: $0.phrases, among: .courtesies) }) {
            // A question asks for information, and changes nothing.
            guard command.mayBeAsked || !Self.isQuestion(own) else { return nil }
            self = command.command
            return
        }
        guard !Self.isQuestion(own), let (verb, rest) = Self.verb(in: own) else { return nil }
        if verb == "mute" {
            self = .mute(Self.mutings(rest))
        } else {
            var projects: [String?] = Self.withoutCourtesies(rest).map { Self.text($0) }
            if Self.isCourtesy(rest) { projects.append(nil) }
            self = .unmute(projects)
        }
    }

    /// The command's name in metrics and logs.
    var name: String {
        switch self {
        case .stop: "stop"
        case .start: "start"
        case .help: "help"
        case .status: "status"
        case .mute: "mute"
        case .unmute: "unmute"
        case .digest: "digest"
        }
    }
}

extension OwnerCommand {
    /// A command that is a fixed phrase, and whether it may be asked as a question.
    private struct Plain: Sendable {
        let command: OwnerCommand
        let phrases: Phrases
        var mayBeAsked = false
    }

    private static let plain: [Plain] = [
        Plain(command: .help, phrases: Phrases(["help", "help me", "commands"]), mayBeAsked: true),
        Plain(command: .status, phrases: Phrases(["status", "my status"]), mayBeAsked: true),
        Plain(command: .digest(.now), phrases: Phrases(["digest now", "digest off", "no digest"])),
        Plain(command: .digest(.hourly), phrases: Phrases(["digest hourly", "hourly digest", "digest every hour"])),
        Plain(command: .digest(.daily), phrases: Phrases(["digest daily", "daily digest", "digest every day"])),
        Plain(command: .digest(.weekly), phrases: Phrases(["digest weekly", "weekly digest", "digest every week"])),
    ]

    private static func isQuestion(_ text: String) -> Bool {
        text.last { !$0.isWhitespace }.map { OptOutKeyword.questionMarks.contains($0) } ?? false
    }

    /// The first word that is not polite, and the words after it.
    private static func verb(in text: String) -> (verb: String, rest: ArraySlice<Substring>)? {
        let words = text.split(whereSeparator: \.isWhitespace)
        for (number, word) in words.enumerated() {
            let verb = folded(word)
            if verb == "mute" || verb == "unmute" { return (verb, words[(number + 1)...]) }
            guard isCourtesy(words[...number]) else { return nil }
        }
        return nil
    }

    /// The possible meanings: a project's name may end in a number, or in a word that is polite elsewhere.
    private static func mutings(_ words: ArraySlice<Substring>) -> [Muting] {
        withoutCourtesies(words).flatMap { words -> [Muting] in
            let whole = Muting(project: text(words), days: nil)
            guard let (name, days) = span(endOf: words), !name.isEmpty else { return [whole] }
            return [whole, Muting(project: text(name), days: days)]
        }
    }

    /// The words as they are, and the words without the polite ones at the end.
    private static func withoutCourtesies(_ words: ArraySlice<Substring>) -> [ArraySlice<Substring>] {
        var readings = words.isEmpty ? [] : [words]
        var rest = words
        while let end = (1...longestCourtesy).first(where: { isCourtesy(rest.suffix($0)) }), rest.count > end {
            rest = rest.dropLast(end)
            readings.append(rest)
        }
        return readings
    }

    /// “7”, “7 days”, “for 2 weeks” or “7d” at the end of words.
    private static func span(endOf words: ArraySlice<Substring>) -> (rest: ArraySlice<Substring>, days: Int)? {
        var rest = words
        guard var last = rest.popLast().map(folded) else { return nil }
        if units[last] != nil {
            guard let number = rest.popLast().map(folded) else { return nil }
            last = number + last
        }
        let digits = last.prefix { $0.isASCII && $0.isNumber }
        let unit = String(last.dropFirst(digits.count))
        guard let number = Int(digits), number > 0, let days = unit.isEmpty ? 1 : units[unit] else { return nil }
        if rest.last.map(folded) == "for" { rest.removeLast() }
        return (rest, min(longestMuting, min(longestMuting, number) * days))
    }

    private static let units = ["d": 1, "day": 1, "days": 1, "w": 7, "week": 7, "weeks": 7]
    /// Ten years.
    private static let longestMuting = 3650
    private static let longestCourtesy = 3

    /// Whether words are polite, or say nothing at all.
    private static func isCourtesy(_ words: ArraySlice<Substring>) -> Bool {
        let words = FoldedWord.words(of: text(words))
        return words.isEmpty || FoldedWord.are(words, oneOf: .courtesies)
    }

    private static func text(_ words: ArraySlice<Substring>) -> String { words.joined(separator: " ") }

    private static func folded(_ word: Substring) -> String {
        FoldedWord.words(of: String(word)).map(\.own).joined()
    }
}
