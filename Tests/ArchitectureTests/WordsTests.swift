import Foundation
import Testing

/// What operators read, compared with the rules of docs/development.md; `make words` prints all of it.
@Suite struct `The words that operators read` {
    /// What is written to owners has the quotation marks of print, and these know them.
    private static let ofOwners = [
        "Sources/Notifier/Answers/", "Sources/Notifier/Composing/", "Sources/Notifier/Ledger/KnownProject.swift",
        "Sources/Templates/Template.swift", "Sources/Templates/ForeignWords.swift",
        // What somebody may have typed.
        "Sources/ImpactNotifier/Commands/Setup/SetupAnswer.swift",
    ]
    /// Words of the inside, and second names of what has a name.
    private static let inside = ["uncertain", "dead letter", "in doubt", "heeded", "quarantined", "whoever", "at hand"]

    private static func files() throws -> [String] {
        let folders = try Repository.targets().filter { !["Sandbox", "ImpactSandbox"].contains($0) }
        return try Repository.files(in: folders.map { "Sources/\($0)" })
            .filter { $0.hasSuffix(".swift") || $0.hasSuffix(".js") }
    }

    /// The messages of the log, each with its file.
    private static func messages() throws -> [(path: String, text: String)] {
        let call =
            #/[lL]ogger\??\.(?:trace|debug|info|notice|warning|error|critical|log)\((?<said>(?:[^"()]|"[^"]*")*)/#
        var messages: [(path: String, text: String)] = []
        for path in try files() {
            let text = try Repository.text(of: path)
            let calls = text.matches(of: call)
            // The message comes before the data.
            var said = calls.map { call in
                call.said[..<(call.said.firstRange(of: "metadata:")?.lowerBound ?? call.said.endIndex)]
            }
            // These are handed to a call from elsewhere.
            if path.hasSuffix("/GapBackfiller.swift") || path.hasSuffix("/OutputQueue.swift") {
                said += text.matches(of: #/"(?:gap|output) [^"]*"/#).map { $0.output }
            }
            for words in said {
                messages += words.matches(of: #/"([^"]*)"/#).map { (path: path, text: String($0.1)) }
            }
        }
        return messages.filter { !$0.text.hasPrefix(#"\("#) }
    }

    @Test func `log messages are constants that can be grepped for, in the operator's words`() throws {
        let messages = try Self.messages()
        #expect(messages.count > 110)
        #expect(messages.contains { $0.text == "gap swept" } && messages.contains { $0.text == "output failed" })
        for (path, text) in messages {
            #expect(text.allSatisfy { $0.isASCII && !"`\\".contains($0) }, "\(path): \(text)")
            for word in Self.inside { #expect(!text.lowercased().contains(word), "\(path): \(text)") }
        }
    }

    @Test func `no sentence but those to owners holds quotation marks that cannot be typed`() throws {
        var offences: [String] = []
        for path in try Self.files() where !Self.ofOwners.contains(where: { path.hasPrefix($0) }) {
            for (number, line) in try Repository.lines(of: path).enumerated()
            where line.contains(where: { "“”‘’„".contains($0) }) {
                let code = line.trimmingCharacters(in: .whitespaces)
                if !code.hasPrefix("//") { offences.append("\(path):\(number + 1): \(code)") }
            }
        }
        #expect(offences == [])
    }

    @Test(arguments: ["Sources/Notifier/Job/Reason+Sentence.swift", "Sources/ImpactNotifier/Metrics/MetricHelp.swift"])
    func `reasons and metrics use no words of the inside`(path: String) throws {
        for line in try Repository.lines(of: path) where line.contains("\"") && !line.contains("//") {
            // Codes and names stay as they are.
            let sentence = line.replacing(#/"[a-z_]+": /#, with: "").replacing(#/case [^"]*/#, with: "")
            for word in Self.inside { #expect(!sentence.lowercased().contains(word), "\(path): \(sentence)") }
        }
    }
}
