import ATProtocol
import Sandbox
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The command replay` {
    static let owner = "did:plc:owneraaaaaaaaaaaaaaaaaaa"

    /// A change request as Jetstream v1 tells it.
    static func line(about authority: String) -> String {
        let subject = "at://\(authority)/\(LocalDaemon.projectCollection)/p1"
        let record = #"{"title":"Hello","subject":"\#(subject)","createdAt":"2025-11-24T16:00:00Z"}"#
        let commit =
            #"{"rev":"3m6fxxxxxxx2a","operation":"create","collection":"\#(LocalDaemon.collection)","rkey":"3m6fxxxxxxx2b","#
            + #""record":\#(record),"cid":"bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"}"#
        let head = #""did":"did:plc:aaaaaaaaaaaaaaaaaaaaaaab","time_us":1764000000000000"#
        return #"{\#(head),"kind":"commit","commit":\#(commit)}"# + "\n"
    }

    @Test func `says by its status whether there was anything to read, and by its words what was wrong`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let directory = try TemporaryDirectory()
        let pretty = try directory.write("{\n \"did\": \"did:plc:a\",\n \"time_us\": 7\n}\n", to: "pretty.json")
        let empty = try directory.write("", to: "empty.jsonl")
        let mixed = try directory.write(Self.line(about: Self.owner) + "{\n", to: "mixed.jsonl")
        let cut = try directory.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], to: "cut.gz")
        let cases: [(path: String, status: Int32, words: String)] = [
            (pretty, 65, "\(pretty):2: it is not an event that can be read: "),
            (empty, 65, "holds no message that can be read"), (mixed, 0, "would send to \(Self.owner)"),
            (mixed, 0, "\(mixed):2: it is not an event that can be read"), (cut, 65, "is cut"),
            ("/nonexistent.jsonl", 66, "cannot be opened"),
        ]
        for (path, status, words) in cases {
            let command = try stage.daemon.start(arguments: ["replay", path])
            #expect(await command.ended(within: .seconds(20)) == .exited(status), "\(path): \(command.output)")
            #expect(command.output.contains { $0.contains(words) }, "\(path): \(command.output)")
            #expect(!command.output.contains { $0.contains("rawValue") })
        }
    }

    @Test func `reads gzip from standard input`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let directory = try TemporaryDirectory()
        let lines =
            Self.line(about: Self.owner) + Self.line(about: "owner.example.com").replacing("xxx2b", with: "xxx2c")
        let path = try directory.write(lines, to: "recording.jsonl")
        let binary = try #require(Stage.binary)
        let command = try ChildProcess(
            "/bin/sh",
            ["-c", "gzip -c \(path) | exec \(binary) replay -"],
            environment: ["PATH": "/usr/bin:/bin", "IMPACT_NOTIFIER_CONFIG": stage.daemon.configurationPath]
        )
        #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
        #expect(command.output.contains { $0.hasPrefix("would send to \(Self.owner) ") }, tail(command))
        #expect(command.output.contains { $0.hasPrefix("would ask who owner.example.com is") }, tail(command))
    }
}
