internal import ATProtocol
internal import Network
internal import Notifier

/// What a person is told at a glance; one page, which is written as HTML and as text.
struct StatusPage: Sendable, Equatable {
    /// How much something matters.
    enum Level: String, Sendable, Comparable, CaseIterable {
        /// Nothing is the matter.
        case well
        /// It works, and there is something to know.
        case notice
        /// Somebody must do something, or what they look at is not how it is.
        case trouble

        static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// Something to know.
    struct Finding: Sendable, Equatable {
        /// How much it matters.
        var level: Level
        /// What is the matter.
        var sentence: String
        /// What to do about it; nil when the sentence says so, or there is nothing to do.
        var advice: String?
    }

    /// A part of the page.
    struct Section: Sendable, Equatable {
        /// What a part has beside its sentences.
        enum Body: Sendable, Equatable {
            /// Nothing.
            case none
            /// Names and values.
            case facts([Fact])
            /// Rows under named columns; the first column names the row.
            case table(columns: [String], rows: [[String]])
            /// A figure for each hour.
            case hours([LedgerOverview.Hour])
        }

        /// A name and a value.
        struct Fact: Sendable, Equatable {
            /// What it is.
            var name: String
            /// How it stands.
            var value: String
        }

        /// Its name in the document.
        var id: String
        /// Its heading.
        var title: String
        /// Sentences below the heading.
        var notes: [String] = []
        /// What follows them.
        var body: Body = .none
    }

    /// The account that sends, as far as it is known.
    var account: String
    /// When it was so.
    var at: UnixTime
    /// How old the ledger's figures are, in a sentence.
    var age: String
    /// What is to know, the worst first; empty when nothing is the matter.
    var findings: [Finding]
    /// Everything else, in order.
    var sections: [Section]

    /// How it is on the whole.
    var level: Level { findings.map(\.level).max() ?? .well }

    /// How it is on the whole, in a few words.
    var headline: String {
        switch level {
        case .well: "All is well"
        case .notice: "It works, and there is something to know"
        case .trouble: "Something is wrong"
        }
    }

    /// How it is, for programs.
    var healthJSON: JSONValue {
        let list = findings.map { finding -> JSONValue in
            [
                "level": .string(finding.level.rawValue), "sentence": .string(finding.sentence),
                "advice": finding.advice.map { .string($0) } ?? .null,
            ]
        }
        return ["level": .string(level.rawValue), "findings": .array(list)]
    }

    /// A number of things.
    static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }
}
