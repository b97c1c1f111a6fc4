import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// What people see of a running daemon, in a browser and by `status`.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The page of a daemon` {
    private func status(_ stage: Stage, _ arguments: [String] = []) async throws -> (ChildProcess.Ending, String) {
        let process = try stage.daemon.start("status", arguments)
        let ending = await process.ended(within: .seconds(20))
        return (ending, process.output.joined(separator: "\n"))
    }

    /// The first answer with the ending that is wanted: on a busy machine the daemon may be unwell for a moment.
    private func status(
        _ stage: Stage,
        _ arguments: [String] = [],
        until isWanted: (ChildProcess.Ending) -> Bool
    ) async throws -> (ChildProcess.Ending, String) {
        var answer = try await status(stage, arguments)
        _ = try await holds(within: .seconds(20)) {
            if isWanted(answer.0) { return true }
            answer = try await status(stage, arguments)
            return false
        }
        return answer
    }

    @Test func `says how it is, before, while and after it runs, as the command does`() async throws {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(overrides: ["status.listen": endpoint.address])
        let before = try await status(stage)
        #expect(before.0 == .exited(69) && before.1.contains("TROUBLE: Something is wrong."), "\(before)")
        #expect(before.1.contains("No daemon runs.") && before.1.contains("0 requests, 0 messages."))
        let process = try stage.daemon.run()
        let uri = try stage.ask("Please mend the door")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let isTold = await endpoint.shows("/") { $0.hasPrefix("WELL: ") && $0.contains("1 request, 1 message.") }
        let shown = await endpoint.text("/")
        #expect(isTold, "\(shown)")
        let page = await endpoint.text("/")
        #expect(page.contains(uri) && page.contains(stage.owners[0].did.text) && page.contains("change-request"))
        #expect(!page.contains("mend the door"), "no text of a message")
        let during = try await status(stage) { $0 == .exited(0) }
        #expect(during.0 == .exited(0) && during.1.hasPrefix("WELL: All is well."), "\(during)")
        let json = try await status(stage, ["--json"]) { $0 == .exited(0) }
        #expect(try json.0 == .exited(0) && JSONValue(parsing: json.1)["health"]?["level"]?.string == "well")
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        let after = try await status(stage)
        #expect(after.0 == .exited(69) && after.1.contains("1 request, 1 message."), "\(after)")
        #expect(after.1.contains(uri))
    }

    @Test func `says what to do about a session that is missing, and the command ends with 1`() async throws {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(overrides: ["status.listen": endpoint.address], isLoggedIn: false)
        let first = try await status(stage)
        // There is no ledger yet.
        #expect(first.0 == .exited(69) && first.1.contains("No daemon runs."), "\(first)")
        let process = try stage.daemon.run()
        let isTold = await endpoint.shows("/") { text in
            text.hasPrefix("TROUBLE: ") && text.contains("Nothing can be sent: ")
                && text.contains("impact-notifier login")
        }
        let shown = await endpoint.text("/")
        #expect(isTold, "\(shown)")
        let (ending, output) = try await status(stage) { $0 == .exited(1) }
        #expect(ending == .exited(1) && output.contains("Nothing can be sent: "), "\(output)")
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
