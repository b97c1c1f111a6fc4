import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier
@testable import Outputs

@Suite(.timeLimit(.minutes(2))) struct `Local outputs` {
    private func notification() throws -> JSONValue {
        try #require(OutputNotification(try outcome(), at: 1_790_000_000)).json
    }

    private func outcome() throws -> Outcome {
        Outcome(
            uri: try ATURI("at://\(World.author)/com.example.change.request/k"),
            owner: World.owner,
            rule: "issues",
            state: .dropped,
            reason: .ownerBlocked,
            detail: "secret text",
            latency: 1,
            nextIn: nil
        )
    }

    @Test func `a file gets a line of JSON for each, without anybody's text`() async throws {
        let directory = try TemporaryDirectory()
        let output = FileOutput(path: "\(directory.path)/out.jsonl")
        try await output.deliver(try notification())
        try await output.deliver(try notification())
        let lines = try #require(read("\(directory.path)/out.jsonl")).split(separator: "\n")
        #expect(lines.count == 2)
        let json = try JSONValue(parsing: String(lines[0]))
        #expect(json["reason"] == "owner-blocked")
        #expect(json["owner"]?.string == World.owner.text)
        #expect(json["at"] == "2026-09-21T14:13:20Z")
        #expect(!lines[0].contains("secret text"))
    }

    @Test func `a webhook is signed over its body`() async throws {
        let http = ScriptedClient { _ in .success(HTTPResponse(status: 204)) }
        let output = WebhookOutput(
            url: try WebURL("https://hooks.example.net/x"),
            secret: Array("key".utf8),
            http: http
        )
        try await output.deliver(try notification())
        let request = try #require(http.requests.first)
        #expect(
            request.headers["X-Impact-Signature"] == "sha256="
                + WebhookOutput.signature(request.body, Array("key".utf8))
        )
        // RFC 4231 and the classic example: an oracle that is not ours.
        #expect(
            WebhookOutput.signature(Array("The quick brown fox jumps over the lazy dog".utf8), Array("key".utf8))
                == "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        )
    }

    @Test func `a webhook that refuses, a command that fails and a file that cannot be are errors`() async throws {
        let http = ScriptedClient { _ in .success(HTTPResponse(status: 500)) }
        let outputs: [any OutputChannel] = [
            WebhookOutput(url: try WebURL("https://hooks.example.net/x"), secret: [], http: http),
            CommandOutput(arguments: ["/bin/false"]), CommandOutput(arguments: ["/nonexistent"]),
            CommandOutput(arguments: []), FileOutput(path: "/nonexistent/out"),
        ]
        let told = try notification()
        for output in outputs { await #expect(throws: (any Error).self) { try await output.deliver(told) } }
    }

    @Test func `a command can be ended by a signal and ends by a broken pipe, as programs expect`() async throws {
        for signal in ["TERM", "PIPE"] {
            let output = CommandOutput(arguments: ["/bin/sh", "-c", "kill -\(signal) $$; exit 0"])
            let told = try notification()
            await #expect(throws: OutputError.self) { try await output.deliver(told) }
        }
    }

    @Test func `a command reads the notification from its standard input`() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/out.jsonl"
        try await CommandOutput(arguments: ["/usr/bin/tee", path]).deliver(try notification())
        #expect(try JSONValue(parsing: try #require(read(path)))["occasion"] == "dropped")
    }

    /// Waits until programs that were killed have ended; one that nobody waited for yet has ended, too.
    private func waitForEnd(of processes: String) async {
        for process in processes.split(separator: " ") {
            let path = "/proc/\(process.prefix(while: \.isNumber))/stat"
            while let status = read(path), !status.contains(") Z") { await Task.yield() }
        }
    }

    @Test func `what a command started ends with it, and only the end of what it complains of is said`() async throws {
        let directory = try TemporaryDirectory()
        let flood = "head -c 2000000 /dev/zero | tr '\\0' x"
        let script = "sleep 300 & echo $! > \(directory.path)/left; \(flood); \(flood) >&2; echo too bad >&2; exit 3"
        let told = try notification()
        let failure = await #expect(throws: OutputError.self) {
            try await CommandOutput(arguments: ["/bin/sh", "-c", script]).deliver(told)
        }
        let words = failure?.description ?? ""
        #expect(
            words.hasPrefix("/bin/sh ended with status 3: xxx") && words.hasSuffix("xtoo bad") && words.count < 400
        )
        await waitForEnd(of: directory.text("left"))
    }

    @Test func `a command that nobody waits for any more is ended, with all that it started`() async throws {
        let directory = try TemporaryDirectory()
        let script =
            "sleep 300 & echo $! $$ > \(directory.path)/left; mkfifo \(directory.path)/f; cat < \(directory.path)/f"
        let told = try notification()
        let task = Task { try await CommandOutput(arguments: ["/bin/sh", "-c", script]).deliver(told) }
        while !directory.text("left").hasSuffix("\n") { await Task.yield() }
        task.cancel()
        await #expect(throws: OutputError.self) { try await task.value }
        await waitForEnd(of: directory.text("left"))
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            try await CommandOutput(arguments: ["/usr/bin/touch", "\(directory.path)/late"]).deliver(told)
        }
        late.cancel()
        await #expect(throws: OutputError.self) { try await late.value }
        #expect(read("\(directory.path)/late") == nil)
    }

    @Test func `an output that hangs holds up neither another nor the end, and what it loses is said`() async throws {
        let directory = try TemporaryDirectory()
        // Opening it waits for a reader, as a file of a network that is gone waits for its server.
        try #require(unsafe mkfifo("\(directory.path)/hangs", 0o600) == 0)
        let log = LogRecorder()
        let dispatcher = OutputDispatcher(
            [
                OutputConfiguration(name: "hangs", channel: .file(path: "\(directory.path)/hangs")),
                OutputConfiguration(name: "audit", channel: .file(path: "\(directory.path)/audit")),
            ],
            http: ScriptedClient(),
            wallClock: ManualClock(),
            logger: log.logger
        )
        let running = Task { await dispatcher.run() }
        func lines() -> Int { directory.text("audit").split(separator: "\n").count }
        for number in 0..<OutputQueue.capacity + 50 {
            dispatcher.offer(try outcome())
            while number % 500 == 0, lines() < number { await Task.yield() }
        }
        while lines() < OutputQueue.capacity + 50 { await Task.yield() }
        dispatcher.finish()
        running.cancel()
        await running.value
        let said = log.metadata(of: "output lost notifications")
        #expect(said.allSatisfy { $0["output"] == "hangs" })
        #expect(said.compactMap { $0["number"].flatMap { Int($0) } }.reduce(0, +) == OutputQueue.capacity + 50)
    }

    @Test func `a command inherits the descriptors 0 to 2, and nothing else that was left open`() async throws {
        let directory = try TemporaryDirectory()
        // Opened as a library does that does not think of other programs: without CLOEXEC, one of them far behind.
        let file = unsafe open("/dev/null", O_RDONLY)
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let far = fcntl(file, F_DUPFD, 700)
        defer { for descriptor in [file, socket, far] { close(descriptor) } }
        try #require(file > 2 && socket > 2 && far >= 700)
        // The shell looks at itself: `ls` has the directory open that it lists, and `>` behind it would be one more.
        let script = "exec > \(directory.path)/fd; ls /proc/$$/fd; exit $?"
        try await CommandOutput(arguments: ["/bin/sh", "-c", script]).deliver(try notification())
        #expect(directory.text("fd") == "0\n1\n2\n")
    }

    @Test func `a command gets a small environment, and nothing of the daemon's or of systemd's`() async throws {
        let directory = try TemporaryDirectory()
        let small = [
            "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "LANGUAGE=de:en", "LC_TIME=de_DE.UTF-8", "TZ=Europe/Berlin",
            "HOME=/var/lib/x", "USER=x",
        ]
        let ours = [
            "IMPACT_NOTIFIER_ACCOUNT=did:plc:x", "CREDENTIALS_DIRECTORY=/run/credentials/x", "NOTIFY_SOCKET=/run/x",
            "WATCHDOG_USEC=1", "LISTEN_FDS=1", "INVOCATION_ID=1", "STATE_DIRECTORY=/var/lib/x",
            "https_proxy=http://user:password@proxy", "LD_PRELOAD=/nonexistent", "PATHS=x", "lc_all=x", "=x", "PATH",
            "",
        ]
        let output = CommandOutput(
            arguments: ["/bin/sh", "-c", "cat /proc/$$/environ > \(directory.path)/environment; exit $?"],
            variables: ours + small
        )
        try await output.deliver(try notification())
        #expect(directory.text("environment").split(separator: "\0").map(String.init) == small)
        #expect(CommandEnvironment.current().contains { $0.hasPrefix("PATH=") }, "by itself it is this process's")
    }

    private func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
