import ATProtocol
import Glibc
import Sandbox
import Testing

/// `sending.enabled: false`, as an operator uses it who tries a rule on the live stream and then goes live.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon in shadow mode` {
    private func turnOff(_ stage: Stage) throws {
        try stage.daemon.changeConfiguration("  interval: 0s", to: "  interval: 0s\n  enabled: false")
    }

    private func foretells(_ process: ChildProcess, _ uri: String) async -> Bool {
        await process.line(within: .seconds(30)) { $0.contains("shadow mode: message not sent") && $0.contains(uri) }
            != nil
    }

    @Test
    func
        `without a session sends nothing and says what it would send; turned on, it tells only what is new or asked for`()
        async throws
    {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(owners: 3, overrides: ["status.listen": endpoint.address], isLoggedIn: false)
        try turnOff(stage)
        let check = try stage.daemon.start("check")
        #expect(await check.ended(within: .seconds(20)) == .exited(0), tail(check))
        #expect(check.output.first?.hasPrefix("SHADOW MODE: nothing is sent") == true, tail(check))

        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let requests = try (0..<3).map { try stage.ask("Quiet \($0)", of: $0) }
        for (number, uri) in requests.enumerated() {
            #expect(await foretells(process, uri), tail(process))
            let line = process.output.first { $0.contains("shadow mode: message not sent") && $0.contains(uri) }
            #expect(line?.contains("level=notice") == true)
            #expect(line?.contains("did=\(stage.owners[number].did)") == true)
            #expect(line?.contains("rule=change-request") == true)
            #expect(line?.contains("asks for a change of “Engine”: “Quiet \(number)”") == true, "\(line ?? "")")
        }
        #expect(process.output.contains { $0.contains("level=warning") && $0.contains("SHADOW MODE") }, tail(process))
        #expect(await endpoint.shows("sending_enabled", ["impact_notifier_sending_enabled 0"]), tail(process))
        let dropped = #"impact_notifier_notifications_suppressed_total{reason="shadow-mode"} 3"#
        #expect(await endpoint.shows("notifications_suppressed", [dropped]), tail(process))
        let (status, text) = try await endpoint.get("/readyz") { $1.contains("SHADOW MODE") }
        #expect(status == 200 && text.hasPrefix("ok, but nothing can be sent: SHADOW MODE"), "\(text)")
        #expect(try await endpoint.get("/healthz").text == "ok, in shadow mode: nothing is sent\n")
        #expect(try await endpoint.get("/status").text.contains(#""sender":"off:shadow-mode""#))
        #expect(stage.network.chat.messages.isEmpty)
        for call in ["getConvoForMembers", "sendMessage"] {
            #expect(stage.network.journal.entries(matching: call).isEmpty, "\(call)")
        }

        try await stage.daemon.logIn()
        try stage.daemon.extendConfiguration("")
        let reload = try stage.daemon.start("reload")
        #expect(await reload.ended(within: .seconds(20)) == .exited(0), tail(reload))
        try stage.ask("Loud")
        #expect(await stage.messages(reaching: 1, within: .seconds(30), unless: process) == 1, tail(process))
        #expect(stage.count("Loud") == 1)
        #expect(await endpoint.shows("sending_enabled", ["impact_notifier_sending_enabled 1"]), tail(process))
        #expect(
            process.output.contains { $0.contains("level=warning") && $0.contains("shadow mode is over") },
            tail(process)
        )
        #expect(try await endpoint.get("/healthz").text == "ok\n")

        let list = try stage.daemon.start("jobs", ["list", "--reason", "shadow-mode"])
        #expect(await list.ended(within: .seconds(20)) == .exited(0), tail(list))
        #expect(list.output.count == 4 && requests.allSatisfy { uri in list.output.contains { $0.contains(uri) } })
        let retry = try stage.daemon.start("jobs", ["retry", requests[1]])
        #expect(await retry.ended(within: .seconds(20)) == .exited(0), tail(retry))
        #expect(await stage.messages(reaching: 2, within: .seconds(30), unless: process) == 2, tail(process))
        #expect(stage.count("Quiet 1") == 1)
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        #expect(stage.network.chat.messages.count == 2)
    }
}
