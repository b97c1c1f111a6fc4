import ATProtocol
import Foundation
import Glibc
import Network
import Sandbox
import Testing

/// Guards invariant 10 against servers that write down what they were sent: no secret is shown.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A refresh token that the server quotes back` {
    /// Longer pieces of a token are as good as the token.
    private static let width = 16

    @Test func `is nowhere in log, status, metrics, commands and ledger`() async throws {
        let trial = try await SessionTrial("quoted")
        try await trial.expectMessage("Before")
        let (stage, reader) = (trial.stage, trial.reader)
        stage.network.faults.add(.quotedToken)
        await trial.strikes(.storeError, on: SessionTrial.token)
        try await trial.expectAlarm("refresh-refused")
        let uri = try stage.ask("Meanwhile")
        try await trial.expectSilence("refresh-refused", refreshResult: "refresh-refused")
        let isWaiting = try await holds(within: .seconds(20)) {
            try await Self.output(of: stage, "jobs", ["list"]).contains(uri)
        }
        #expect(isWaiting, trial.story("the ledger knows nothing of the request"))

        var places: [String: String] = [:]
        for path in ["/", "/status", "/readyz", "/metrics"] { places[path] = await reader.text(path) }
        let commands = [
            ["session", "status"], ["session", "status", "--json"], ["session", "check"], ["jobs", "list"],
            ["jobs", "list", "--json"], ["jobs", "show", uri], ["explain", uri], ["doctor"], ["status"],
        ]
        for command in commands {
            let name = command.joined(separator: " ")
            places[name] = try await Self.output(of: stage, command[0], Array(command.dropFirst()))
        }
        places["log"] = trial.process.output.joined(separator: "\n")
        await trial.end()
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: stage.daemon.statePath)
        where name != "session.json" {
            files[name] = FileManager.default.contents(atPath: stage.daemon.statePath + "/" + name)
        }
        #expect(files.keys.contains { $0.contains("ledger") }, "\(files.keys)")
        #expect(places["log"]?.contains("[secret]") == true, "the server quoted nothing")

        let tokens = Self.tokens(shownTo: stage)
        #expect(tokens.count > 1)
        for (place, bytes) in files.merging(places.mapValues { Data($0.utf8) }, uniquingKeysWith: { $1 }) {
            // No token is an operand of an expectation: it would print it.
            let isLeaked = Self.holdsPiece(of: tokens, bytes)
            #expect(!isLeaked, "a piece of a refresh token is in: \(place)")
        }
    }

    /// The refresh tokens that the server was shown, those of the past among them.
    private static func tokens(shownTo stage: Stage) -> Set<String> {
        let entries = stage.network.journal.entries(matching: SessionTrial.token)
        return Set(entries.compactMap { entry in entry.request.form.first { $0.name == "refresh_token" }?.value })
    }

    private static func holdsPiece(of tokens: Set<String>, _ bytes: Data) -> Bool {
        tokens.contains { token in
            let octets = Array(token.utf8)
            return (0...octets.count - width).contains { start in
                bytes.range(of: Data(octets[start..<start + width])) != nil
            }
        }
    }

    private static func output(of stage: Stage, _ command: String, _ arguments: [String]) async throws -> String {
        let process = try stage.daemon.start(arguments: [command] + arguments)
        _ = await process.ended(within: .seconds(60))
        return process.output.joined(separator: "\n")
    }
}
