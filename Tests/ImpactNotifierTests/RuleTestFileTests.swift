import ATProtocol
import Foundation
import TestSupport
import Testing

@testable import ImpactNotifier

/// `rules test`: a mistake in a file of tests is named, and a test that should fail says why.
@Suite struct `A file of tests of rules` {
    private static let rules = """
        rules:
          - name: r
            collections: [com.example.*]
            except: [com.example.noise]
            when: [{field: open, equals: true}]
            reference_paths: ["subjects[*]"]
            accepts: [at-uri]
            maximum_projects: 1
            message: "{{author.name}}: {{record.title}}"
          - name: updates
            collections: [com.example.noise]
            operations: [update]
            reference_paths: [subject]
            message: changed
        """
    private static let author = "did:plc:authoraaaaaaaaaaaaaaaaaa"
    private static let owner = "did:plc:owneraaaaaaaaaaaaaaaaaaa"
    private static let project = "at://\(owner)/com.example.project/p"

    private func file(_ text: String) throws -> RuleTestFile {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).yaml")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(text.utf8).write(to: path)
        return try RuleTestFile(path: path.path)
    }

    private static func test(_ expectation: String, _ record: String, collection: String = "com.example.request")
        -> String
    {
        """
        \(rules)
        records: {"\(project)": {name: Mill}}
        handles: {alice.example.org: "\(owner)"}
        tests:
          - name: one
            uri: at://\(author)/\(collection)/k
            record: {\(record)}
            \(expectation)
        """
    }

    private static let good = "open: true, title: Hello, subjects: [\"\(project)\"]"

    @Test(arguments: [
        (rules, "tests: the file has no tests"), ("rules: []\ntests: []", "at least one rule"),
        (test("says: [Hello]", good), "'tells' names nobody"), (test("reasons: [foo]", good), "docs/rules.md"),
        (test("tell: []", good), "did you mean"),
        (test("tells: []", good).replacing("records: {\"", with: "records: {\"x"), "is no AT-URI of a record"),
        (test("tells: []", good).replacing("handles: {alice.example.org", with: "handles: {alice"), "to be a handle"),
    ]) func `is refused with the mistake that it has`(text: String, words: String) {
        #expect("\(words)") { try file(text) } throws: { error in
            (error as? ConfigurationError)?.issues.contains { $0.description.contains(words) } ?? false
        }
    }

    @Test(arguments: [
        (test("tells: [\"\(owner)\"]", good), []), (test("rule: r\n    tells: [\"\(owner)\"]", good), []),
        (
            test("tells: [\"\(owner)\"]", good.replacing(owner, with: "alice.example.org")), []
        ),
        (
            test("rule: r", good.replacing("true", with: "false")),
            ["rule r does not count", "open is true: does not hold (false)"]
        ),
        (
            test("tells: [\"\(owner)\"]", "subject: \"\(project)\"", collection: "com.example.noise"),
            ["tells nobody", "rule updates is for update, and this is create"]
        ),
        (
            test("tells: [\"\(owner)\"]", good, collection: "org.example.x"),
            ["tells nobody", "no rule covers org.example.x"]
        ),
        (
            test(
                "tells: [\"\(owner)\"]\n    reasons: [projects-above-limit]",
                "open: true, subjects: [\"\(project)\", \"at://\(author)/com.example.project/p\"]"
            ), []
        ),
        (
            test(
                "tells: [\"\(owner)\"]",
                "open: true, subjects: [\"\(project)\", \"at://\(author)/com.example.project/p\"]"
            ),
            ["projects-above-limit"]
        ),
        (
            test(
                "tells: [\"\(owner)\"]\n    reasons: [project-not-found]",
                "open: true, subjects: [\"\(project)x\", \"\(project)\"]"
            ), []
        ),
        (
            test("tells: [\"\(owner)\"]", "open: true, subjects: [\"\(project)x\"]"),
            ["tells nobody", "project-not-found"]
        ),
    ]) func `says why a test fails`(text: String, complaints: [String]) async throws {
        let file = try file(text)
        let found = await file.tests[0].complaints(in: file)
        #expect(found.isEmpty == complaints.isEmpty, "\(found)")
        for words in complaints { #expect(found.contains { $0.contains(words) }, "\(words): \(found)") }
    }
}
