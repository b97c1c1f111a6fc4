internal import ATProtocol
internal import Network
internal import Notifier

/// The status for people, which is written as HTML and as text.
struct StatusPage: Sendable, Equatable {
    /// How important something is.
    enum Level: String, Sendable, Comparable, CaseIterable {
        /// Nothing is wrong.
        case well
        /// It works, but there is something to know.
        case notice
        /// Somebody must do something, or the page does not show the present state.
        case trouble

        static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// Something to know.
    struct Finding: Sendable, Equatable {
        /// How important it is.
        var level: Level
        /// What is wrong.
        var sentence: String
        /// What to do about it; nil when the sentence says it, or there is nothing to do.
        var advice: String?
    }

    /// A part of the page.
    struct Section: Sendable, Equatable {
        /// The content of a part besides its sentences.
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
            var name: String
            var value: String
        }

        /// Its id in the document.
        var id: String
        /// Its heading.
        var title: String
        /// Sentences below the heading.
        var notes: [String] = []
        /// What follows them.
        var body: Body = .none
    }

    /// The sending account, as far as known.
    var account: String
    /// The time of the facts.
    var at: UnixTime
    /// The age of the ledger's figures, in a sentence.
    var age: String
    /// What to know, the worst first; empty when nothing is wrong.
    var findings: [Finding]
    /// Everything else, in order.
    var sections: [Section]

    /// The overall level.
    var level: Level { findings.map(\.level).max() ?? .well }

    /// The overall state, in a few words.
    var headline: String {
        switch level {
        case .well: "All is well"
        case .notice: "It works, and there is something to know"
        case .trouble: "Something is wrong"
        }
    }

    /// The health, for programs.
    var healthJSON: JSONValue {
        let list = findings.map { finding -> JSONValue in
            [
                "level": .string(finding.level.rawValue), "sentence": .string(finding.sentence),
                "advice": finding.advice.map { .string($0) } ?? .null,
            ]
        }
        return ["level": .string(level.rawValue), "findings": .array(list)]
    }

    /// A number of things, in words.
    static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }
}
