import Sandbox
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A child process` {
    @Test func `gives its lines, its end and its status`() async throws {
        let process = try ChildProcess("/bin/sh", ["-c", "echo one; echo two >&2; exit 3"])
        var lines: [String] = []
        for await line in process.lines() { lines.append(line) }
        #expect(lines == ["one", "two"])
        #expect(await process.ended(within: .seconds(5)) == .exited(3))
        #expect(process.output == ["one", "two"])
    }

    @Test func `ends its lines with itself, whatever is started beside it`() async throws {
        let sleeper = try ChildProcess("/bin/sleep", ["30"])
        await withTaskGroup { group in
            for number in 0..<30 {
                group.addTask {
                    guard let process = try? ChildProcess("/bin/sh", ["-c", "echo \(number)"]) else {
                        Issue.record("not started")
                        return
                    }
                    var lines: [String] = []
                    for await line in process.lines() { lines.append(line) }
                    #expect(lines == ["\(number)"])
                }
            }
        }
        sleeper.signal(15)
        #expect(await sleeper.ended(within: .seconds(5)) == .signalled(15))
    }

    @Test func `is killed when it does not end in time`() async throws {
        let process = try ChildProcess("/bin/sleep", ["30"])
        #expect(await process.ended(within: .milliseconds(50)) == .signalled(9))
    }

    @Test func `dies with its last owner`() async throws {
        func linesOfOneThatIsLetGo() throws -> AsyncStream<String> { try ChildProcess("/bin/sleep", ["300"]).lines() }
        for await line in try linesOfOneThatIsLetGo() { Issue.record("\(line)") }
    }
}
