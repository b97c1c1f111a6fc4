import FoundationEssentials
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// The configuration that comes with the program: every key with its default, as a comment.
@Suite struct `The written defaults` {
    private static let account = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    /// Keys that have no default, and an example in its place.
    private static let examples: Set = [
        "account", "session.client_id", "session.redirect_uri", "session.client_key_file", "session.app_password_file",
        "session.encryption_key_file", "stream.recorder_directory", "network.certificate_authority_file",
        "status.requests_token_file",
    ]

    private static func file() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try Data(contentsOf: URL(filePath: "/\(root)/config/impact-notifier.yaml"))
        return String(decoding: data, as: UTF8.self).replacing("- rules/", with: "- /\(root)/config/rules/")
    }

    /// The same with every commented key in force: a comment has a space behind its sign, a key has none, what belongs to a
    /// list has two.
    private static func inForce(_ text: String) -> (text: String, count: Int) {
        var count = 0
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard let match = line.wholeMatch(of: /( *)#((  +)?(- |[a-z_]+:( |$)).*)/) else { return String(line) }
            count += 1
            return String(match.1 + match.2)
        }
        return (lines.joined(separator: "\n"), count)
    }

    private func entries(_ text: String) throws -> [ConfigurationProvenance.Entry] {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "impact-notifier.yaml")
        let environment = text.contains("\naccount:") ? [:] : ["IMPACT_NOTIFIER_ACCOUNT": Self.account]
        return try ConfigurationLoader(environment: environment).load(path: path).entries
    }

    @Test func `are those of the program`() throws {
        let (text, count) = Self.inForce(try Self.file())
        #expect(count > 60)
        let written = try entries(text).filter { $0.origin != "default" && !$0.key.hasPrefix("rules[") }
        let defaults = Dictionary(try entries(Self.file()).map { ($0.key, $0.value) }) { first, _ in first }
        for entry in written where !Self.examples.contains(entry.key) && !entry.key.hasPrefix("outputs[") {
            #expect(defaults[entry.key] == entry.value, "\(entry.key)")
        }
    }

    @Test func `are there for every key`() throws {
        let written = Set(try entries(Self.inForce(Self.file()).text).filter { $0.origin != "default" }.map(\.key))
        let known = try entries(Self.file()).map(\.key).filter { !$0.hasPrefix("rules[") }
        for key in known { #expect(written.contains(key), "\(key)") }
    }

    @Test func `are explained on the pages, which name no other keys`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let pages = try ["operations", "delivery", "streams", "oauth", "rules", "waits"].map { page in
            String(decoding: try Data(contentsOf: URL(filePath: "/\(root)/docs/\(page).md")), as: UTF8.self)
        }
        let named = pages.flatMap { page in
            page.matches(of: /`([a-z_]+(?:\.[a-z_]+)?)(?:[:=][^`]*)?`/).map { String($0.1) }
        }
        let entries = try entries(Self.file()).map(\.key)
        let keys = Set(entries.filter { !$0.contains("[") })
        #expect(keys.subtracting(named) == [], "on no page")
        let sections = Set(keys.filter { $0.contains(".") }.map { $0.prefix { $0 != "." } })
        let files: Set = ["session.json", "session.lock"]
        let unknown = named.filter { $0.contains(".") && sections.contains($0.prefix { $0 != "." }) }
        #expect(Set(unknown).subtracting(keys).subtracting(files) == [], "no keys")
        for key in entries where key.hasPrefix("rules[") {
            let name = (key.split(separator: ".").last ?? "").prefix { $0 != "[" }
            #expect(pages[4].contains(name), "\(name) is not in docs/rules.md")
        }
    }
}
