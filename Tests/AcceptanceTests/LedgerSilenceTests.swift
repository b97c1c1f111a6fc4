import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// A ledger that hangs: another process holds its lock for writing, as a disk would that does not answer.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A ledger that does not answer` {
    /// Holds SQLite's lock for writers (sqlite.org/walformat.html, §2.3.1: WAL_WRITE_LOCK is byte 120 of the `-shm` file).
    private final class Hold: Sendable {
        private let descriptor: Int32

        init(_ ledger: String) throws {
            descriptor = unsafe open(ledger + "-shm", O_RDWR | O_CLOEXEC)
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_whence = Int16(SEEK_SET)
            lock.l_start = 120
            lock.l_len = 1
            try #require(unsafe fcntl(descriptor, F_SETLKW, &lock) == 0)
        }

        func release() { _ = close(descriptor) }
    }

    @Test func `is told by every route at once, until it answers again`() async throws {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(overrides: ["status.listen": endpoint.address])
        let process = try stage.daemon.run()
        try stage.ask("While all is well")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        #expect(try await endpoint.get("/readyz") { $1 == "ok\n" }.status == 200, tail(process))
        let told = try await endpoint.get("/status") {
            let json = try? JSONValue(parsing: $1)
            return json?["pipeline"]?["delivered"]?.integer == 1 && json?["ledger"]?["answers"]?.bool == true
        }
        #expect(try JSONValue(parsing: told.text)["ledger"]?["answers"]?.bool == true, "\(told)")
        #expect(await endpoint.shows("ledger_unanswered_seconds", ["impact_notifier_ledger_unanswered_seconds 0"]))

        let hold = try Hold(stage.daemon.statePath + "/ledger.sqlite")
        try stage.ask("While it hangs")
        let begun = ContinuousClock.now
        let silent = try await endpoint.get("/readyz") { status, _ in status == 503 }
        print("told after \(ContinuousClock.now - begun)")
        #expect(
            silent.status == 503 && silent.text.hasPrefix("waiting for: ledger (has not answered for "),
            "\(silent)"
        )
        #expect(ContinuousClock.now - begun < .seconds(8))
        var slowest = Duration.zero
        for path in ["/healthz", "/status", "/metrics", "/", "/readyz"] {
            let asked = ContinuousClock.now
            let (status, text) = try await endpoint.get(path)
            slowest = max(slowest, ContinuousClock.now - asked)
            switch path {
            case "/healthz": #expect(text == "ok\n")
            case "/status":
                let json = try JSONValue(parsing: text)
                #expect(json["ledger"]?["answers"]?.bool == false)
                #expect(json["pipeline"]?["delivered"]?.integer == 1, "the last figures that there were")
            case "/":
                #expect(text.hasPrefix("TROUBLE: ") && text.contains("The ledger has not answered for "), "\(text)")
            case "/metrics": #expect(!text.contains("impact_notifier_ledger_unanswered_seconds 0\n"))
            default: #expect(status == 503)
            }
        }
        print("the slowest of five answers took \(slowest)")
        #expect(slowest < .seconds(5))
        let later = try await endpoint.get("/readyz") { !$1.contains("for 0 s") && !$1.contains("for 1 s") }
        #expect(later.text.contains(/^waiting for: ledger \(has not answered for ([2-9]|\d\d+) s\)\n$/), "\(later)")

        // The process that holds it is named, here and to whoever types a command meanwhile.
        let lines = process.lines()
        let command = try stage.daemon.start("suppress", ["add", stage.owners[0].did.text])
        let line = await lines.first(within: .seconds(20)) { $0.contains("another process has locked the ledger") }
        #expect(line?.contains("process \(getpid()) (") == true, tail(process))
        #expect(await command.ended(within: .seconds(30)) == .exited(75), tail(command))
        #expect(
            command.output.contains { $0.contains("process \(getpid()) (") && $0.contains("has locked it") },
            tail(command)
        )
        #expect(process.ending == nil, "a lock of ten seconds ends nothing")

        hold.release()
        #expect(try await endpoint.get("/readyz") { $1 == "ok\n" } == (200, "ok\n"), tail(process))
        #expect(await endpoint.shows("ledger_unanswered_seconds", ["impact_notifier_ledger_unanswered_seconds 0"]))
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
