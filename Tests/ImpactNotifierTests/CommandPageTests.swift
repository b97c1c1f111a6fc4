import ArgumentParser
import Foundation
import Testing

@testable import ImpactNotifier

/// The commands, as the pages name them.
@Suite struct `The documented commands` {
    private static func page(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOf: URL(filePath: "/\(root)/\(path)"), encoding: .utf8)
    }

    /// Every command that does something, with its words.
    private static func commands(_ command: any ParsableCommand.Type = Root.self, _ words: String = "") -> [String] {
        command.configuration.subcommands.flatMap { next -> [String] in
            let path = words + next._commandName
            return next.configuration.subcommands.isEmpty ? [path] : commands(next, path + " ")
        }
    }

    @Test func `are those of the table in README.md`() throws {
        let table = try #require(try Self.page("README.md").components(separatedBy: "\n## Commands\n").last)
        var named: [String] = []
        for row in table.split(separator: "\n") where row.hasPrefix("| `") {
            var group = Substring()
            // Behind “jobs list” a word by itself is another of “jobs”.
            for match in row.dropFirst(2).prefix(while: { $0 != "|" }).matches(of: /`([a-z]+)((?: [a-z]+)?)/) {
                if !match.2.isEmpty { group = match.1 }
                named.append(match.2.isEmpty && !group.isEmpty ? "\(group) \(match.1)" : "\(match.1)\(match.2)")
            }
        }
        #expect(Set(named) == Set(Self.commands()))
    }
}
