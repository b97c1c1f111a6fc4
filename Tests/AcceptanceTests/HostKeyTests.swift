import Glibc
import Sandbox
import Testing

/// Guards against a key that is shown to anybody but its host, and against a host that is lost for want of it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A stream host that gives keys` {
    @Test func `is read, compressed, with the key that a reload finds in the file, and nothing prints it`() async throws
    {
        let stage = try await Stage(wire: .jetstream1)
        let host = stage.network.streamHosts[0]
        host.demand(key: "right-0123456789")
        host.compress()
        let (url, file) = (host.url(.jetstream1), "\(stage.daemon.statePath)/key")
        try stage.daemon.replaceState("key", "wrong-0123456789\n")
        try stage.daemon.changeConfiguration(
            "hosts: [\"\(url)\"]",
            to: "hosts: [{address: \"\(url)\", compression: true, api_key_file: \(file)}]"
        )
        let process = try stage.daemon.run()
        let refused = await process.line(within: .seconds(20)) { $0.contains("does not take the key in \(file)") }
        try #require(refused?.contains("stream disconnected") == true, tail(process))
        let doctor = try stage.daemon.start("doctor")
        #expect(await doctor.ended(within: .seconds(60)) == .exited(1), tail(doctor))
        #expect(doctor.output.contains { $0.contains("does not take the key in \(file)") }, tail(doctor))

        try stage.daemon.replaceState("key", "right-0123456789\n")
        let reload = try stage.daemon.start("reload")
        #expect(await reload.ended(within: .seconds(20)) == .exited(0), tail(reload))
        try stage.ask("With a key")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        process.signal(SIGUSR1)
        let status = await process.line(within: .seconds(10)) { $0.contains("late:0 compressed") }
        #expect(status != nil, tail(process))
        let check = try stage.daemon.start("check", ["--effective"])
        #expect(await check.ended(within: .seconds(20)) == .exited(0), tail(check))
        #expect(check.output.contains { $0.hasPrefix("stream.hosts[0].compression") && $0.contains(" true ") })
        for child in [process, doctor, reload, check] {
            #expect(!child.output.contains { $0.contains("0123456789") }, tail(child))
        }
    }
}
