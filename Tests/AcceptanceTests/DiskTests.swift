import Glibc
import Sandbox
import Testing

/// A state directory on a file system that is full or read-only; needs root for the mounts.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A disk that cannot be written` {
    @Test func `when it is read-only ends the start with 73`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        guard await stage.mountState("size=1m,mode=0700,ro") else { return }
        let process = try stage.daemon.run()
        #expect(await process.ended(within: .seconds(20)) == .exited(73), tail(process))
        await stage.unmountState()
    }

    @Test func `when it is full loses no request once there is room again`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        guard await stage.mountState("size=8m,mode=0700") else { return }
        try await stage.daemon.logIn()
        var process = try stage.daemon.run()
        try stage.ask("With room")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let filler = stage.daemon.statePath + "/filler"
        let fill = try ChildProcess("/bin/dd", ["if=/dev/zero", "of=" + filler, "bs=4k"])
        _ = await fill.ended(within: .seconds(20))
        for number in 0..<20 { try stage.ask("Without room \(number).") }
        // A ledger that cannot be written is fatal at once; whoever watches over the daemon starts it again.
        #expect(await process.ended(within: .seconds(20)) == .exited(74), tail(process))
        let removal = unsafe unlink(filler)
        #expect(removal == 0)
        process = try stage.daemon.run()
        let stored = await stage.messages(reaching: 21, within: .seconds(30), unless: process)
        #expect(stored == 21, tail(process))
        try await stage.kill(process)
        await stage.unmountState()
    }
}
