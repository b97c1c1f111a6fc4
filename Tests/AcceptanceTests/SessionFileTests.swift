import Glibc
import Sandbox
import Testing

/// Guards invariants 5 and 10 for the process as a whole: a damaged session stops the sending, never the daemon.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A session file that is not as it should be` {
    @Test(arguments: ["", "{", "{\"format\": 1}", "null"])
    func `of useless content is reported and left alone`(content: String) async throws {
        let stage = try await Stage()
        try stage.daemon.replaceState("session.json", content)
        try await expectSilence(stage)
        #expect(try Self.read(stage.daemon.statePath + "/session.json") == content)
    }

    @Test func `that others can read is reported`() async throws {
        let stage = try await Stage()
        let change = unsafe chmod(stage.daemon.statePath + "/session.json", 0o644)
        #expect(change == 0)
        try await expectSilence(stage)
    }

    @Test func `of another account is reported`() async throws {
        let other = try await Stage()
        let stage = try await Stage(isLoggedIn: false)
        let creation = unsafe mkdir(stage.daemon.statePath, 0o700)
        #expect(creation == 0)
        try stage.daemon.replaceState("session.json", try Self.read(other.daemon.statePath + "/session.json"))
        try await expectSilence(stage)
    }

    /// The daemon says that something is wrong with its session, sends nothing and does not crash.
    private func expectSilence(_ stage: Stage) async throws {
        let process = try stage.daemon.run()
        try stage.ask("Nobody may send this")
        let complaint = await process.line(within: .seconds(15)) {
            ($0.contains("level=error") || $0.contains("level=critical")) && $0.contains("session")
        }
        #expect(complaint != nil, tail(process))
        process.signal(SIGTERM)
        let ending = await process.ended(within: .seconds(20))
        #expect(ending == .exited(0) || ending == .exited(77), tail(process))
        #expect(stage.network.chat.messages.isEmpty)
    }

    private static func read(_ path: String) throws -> String {
        let descriptor = unsafe open(path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
