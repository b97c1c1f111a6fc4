import ATProtocol
import Firehose
import Foundation
import Testing

@testable import ImpactNotifier
@testable import Notifier

/// The rules that come with the program, on records in the shapes that applications write today.
@Suite struct `The rules that come with the program` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let owner = "did:plc:owneraaaaaaaaaaaaaaaaaaa"

    @Test(arguments: ["calendar", "certified", "hypercerts", "impactindexer", "leaflet", "tangled"])
    func `pass the tests that come with them`(name: String) async throws {
        let file = try RuleTestFile(path: Self.root.appending(path: "config/rules/tests/\(name).yaml").path)
        #expect(!file.tests.isEmpty)
        for test in file.tests {
            let complaints = await test.complaints(in: file)
            #expect(complaints.isEmpty, "\(test.name): \(complaints)")
        }
    }

    @Test func `notice an expectation that is not met`() async throws {
        let file = try RuleTestFile(path: Self.root.appending(path: "config/rules/tests/calendar.yaml").path)
        let test = try #require(file.tests.first)
        let wrong = RuleTestFile.Test(
            name: test.name,
            uri: test.uri,
            operation: test.operation,
            record: test.record,
            tells: [],
            expectedReasons: ["author-is-owner"],
            rule: "another",
            says: ["nothing of the kind"]
        )
        let complaints = await wrong.complaints(in: file)
        for words in [
            "counts", "does not say 'nothing of the kind'", "and should tell nobody", "is not refused as author",
        ] {
            #expect(complaints.contains { $0.contains(words) }, "\(words): \(complaints)")
        }
    }

    /// What each line of a recording comes to: who is told, or why nobody; nil where no rule is concerned.
    private static let recordings: [(file: String, outcomes: [[String]?])] = [
        (
            "tangled-today",
            [nil, [owner], [owner], nil, [owner], ["author-is-owner"], ["author-is-owner"], nil, nil]
        ),
        (
            "tangled-before",
            [[owner], [owner], [owner], [owner], ["reference-malformed"], ["reference-missing"]]
        ),
        (
            "others",
            [
                [owner], [owner], nil, [owner, "did:plc:owneraaaaaaaaaaaaaaaaab2"],
                "bcdefgh".map { "did:plc:owner\($0)aaaaaaaaaaaaaaaaaa" }, [owner], [owner], [owner], [owner],
                ["reference-malformed"], ["reference-malformed"], [owner], [owner],
            ]
        ),
    ]

    @Test(arguments: recordings.indices) func `make of every recorded line what they should`(index: Int) async throws {
        let (name, expected) = Self.recordings[index]
        let folder = Self.root.appending(path: "Tests/ImpactNotifierTests/Fixtures/records")
        let provenance = ConfigurationProvenance(environment: [:])
        let loader = ConfigurationLoader(environment: [:])
        var rules: [Rule] = []
        for file in ["tangled", "hypercerts", "certified", "impactindexer", "leaflet", "calendar"] {
            let path = Self.root.appending(path: "config/rules/\(file).yaml").path
            let document = loader.section(of: path, provenance: provenance)
            rules += loader.rules(
                document,
                files: ConfiguredFiles(configuration: path, environment: [:]),
                provenance: provenance
            )
        }
        #expect(provenance.issues.isEmpty && rules.count == 11)
        var configuration = NotifierConfiguration(rules: rules)
        configuration.policy.recipients = .anyone
        let network = try Self.network(folder)
        var dryRun = DryRun(configuration: configuration, sender: nil, network: (network, network))
        var reader = try RecordingReader(
            path: folder.appending(path: "\(name).jsonl").path,
            configuration: StreamConfiguration(
                hosts: [],
                collections: rules.flatMap { $0.collections + $0.confirmingCollections }
            )
        )
        var outcomes: [[String]?] = []
        while let item = try reader.next() {
            guard case .event(let event) = item else {
                outcomes.append(nil)
                continue
            }
            let ends = await dryRun.take(event).map { outcome in
                switch outcome.end {
                case .message(let owner, _): owner.text
                case .refused(let refusal): refusal.reason.rawValue
                case .unresolved, .calledOff: "\(outcome.end)"
                }
            }
            outcomes.append(ends.isEmpty ? nil : ends)
        }
        #expect(outcomes.count == expected.count)
        for (line, pair) in zip(outcomes, expected).enumerated() {
            #expect(pair.0.map(Set.init) == pair.1.map(Set.init), "\(name), line \(line + 1)")
            #expect(pair.0?.count == pair.1?.count, "\(name), line \(line + 1)")
        }
    }

    /// The index, the records of Tangled's recording, and a record wherever another refers to one.
    private static func network(_ folder: URL) throws -> RehearsedNetwork {
        var records: [String: JSONValue] = [:]
        for name in ["tangled-today", "others"] {
            let text = try String(contentsOf: folder.appending(path: "\(name).jsonl"), encoding: .utf8)
            for line in text.split(separator: "\n") {
                let event = try JSONValue(parsing: Array(line.utf8))
                if let did = event["did"]?.string, let commit = event["commit"], let record = commit["record"] {
                    let (collection, key) = (commit["collection"]?.string ?? "", commit["rkey"]?.string ?? "")
                    records["at://\(did)/\(collection)/\(key)"] = record
                }
                for uri in String(line).matches(of: /at:\/\/did:plc:owner[^"]*/) {
                    records[String(uri.output)] = records[String(uri.output)] ?? ["name": "Something"]
                }
            }
        }
        let answer = try JSONValue(parsing: Array(try Data(contentsOf: folder.appending(path: "index-answer.json"))))
        let query =
            "https://api.tangled.org/xrpc/sh.tangled.repo.getRepoByRepoDid?repoDid=did:plc:repoaaaaaaaaaaaaaaaaaaaa"
        return RehearsedNetwork(records: records, answers: [query: answer], handles: [:])
    }
}
