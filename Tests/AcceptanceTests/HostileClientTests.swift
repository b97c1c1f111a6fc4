import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// Guards against clients of the status endpoint that hold up the daemon: its work, its watchdog, its end.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon whose status endpoint has bad clients` {
    private let endpoint = StatusEndpoint()
    private let manager = NotifySocket(watchdog: .seconds(6))
    private let crowd = HostileCrowd()

    private func started(_ environment: [String: String] = [:]) async throws -> (Stage, ChildProcess) {
        let stage = try await Stage(
            overrides: ["status.listen": endpoint.address],
            environment: manager.environment.merging(environment) { $1 }
        )
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try #require(try await endpoint.get("/readyz") { $1 == "ok\n" }.status == 200, tail(process))
        return (stage, process)
    }

    /// Seconds of CPU that a process has used.
    private func cpu(_ process: ChildProcess) -> Double {
        guard let file = unsafe fopen("/proc/\(process.identifier)/stat", "r") else { return 0 }
        defer { unsafe fclose(file) }
        var buffer = [CChar](repeating: 0, count: 4096)
        guard unsafe fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
        // Behind the name, which may hold spaces: the 14th and 15th field of proc(5).
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text.drop { $0 != ")" }.split(separator: " ")
        return [12, 13].reduce(0) { $0 + (Double(fields[$1]) ?? 0) } / 100
    }

    /// How long `/healthz` takes to answer; it must.
    private func health(_ process: ChildProcess) async throws -> Duration {
        let begun = ContinuousClock.now
        let port = endpoint.port
        let answer = try await onThread {
            let connection = RawConnection(port: port)
            connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return connection.answer()
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("ok\n"), "\(answer)\n\(tail(process))")
        return ContinuousClock.now - begun
    }

    @Test func `does not notice megabytes of line, header and body, from two or twenty of them`() async throws {
        let (stage, process) = try await started()
        let (begun, port) = (ContinuousClock.now, endpoint.port)
        var (used, times, number) = (cpu(process), [Duration](), 0)
        for flood in HostileCrowd.Flood.allCases {
            for (clients, isComplete) in [(2, true), (2, false), (20, true), (20, false)] {
                let crowd = HostileCrowd()
                try await onThread { _ = crowd.join(clients, on: port, sending: flood.bytes(isComplete: isComplete)) }
                times.append(try await health(process))
                number += 1
                try stage.ask("Request \(number).")
                let stored = await stage.messages(reaching: number, within: .seconds(20), unless: process)
                try #require(stored == number, "\(flood), \(clients) clients\n\(tail(process))")
                crowd.dismiss()
            }
        }
        used = cpu(process) - used
        print("CPU \(used) s for \(number) floods and deliveries; /healthz took \(times.sorted())")
        // A single one of them cost minutes.
        #expect(used < 8)
        #expect(times.sorted()[times.count / 2] < .milliseconds(500))
        #expect(await manager.hears(pings: 2, within: .seconds(20)), tail(process))
        #expect(manager.longestSilence(since: begun) < .seconds(6))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `does not notice a thousand who say nothing, a few who say it slowly, and some who are gone`()
        async throws
    {
        let (stage, process) = try await started()
        let (begun, port) = (ContinuousClock.now, endpoint.port)
        var used = cpu(process)
        // Those at the end of their time are ended; the others have to make room.
        let slow = crowd.trickle(5, on: port, from: "127.0.6.1")
        try await onThread { [crowd] in
            crowd.join(20, on: port, sending: Array("GET /healthz HTTP/1.1\r\nHost: loc".utf8))
            for connection in crowd.join(20, on: port, sending: Array("GET /he".utf8)) { connection.finish() }
            crowd.join(500, on: port)
        }
        var times = [try await health(process)]
        try stage.ask("Amid the silent")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        for _ in 0..<10 { times.append(try await health(process)) }
        #expect(try await slow.value >= .seconds(9), "they were not in anybody's way")
        #expect(await manager.hears(pings: 1, within: .seconds(20)), tail(process))
        try await onThread { [crowd] in _ = crowd.join(500, on: port, fromMany: true) }
        for _ in 0..<10 { times.append(try await health(process)) }
        try stage.ask("Amid them all")
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
        #expect(await manager.hears(pings: 2, within: .seconds(20)), tail(process))
        used = cpu(process) - used
        print("CPU \(used) s in \(ContinuousClock.now - begun); /healthz took \(times.sorted())")
        #expect(used < 5)
        #expect(times.sorted()[times.count / 2] < .milliseconds(500))
        #expect(manager.longestSilence(since: begun) < .seconds(6))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `reloads while they hang, on the same port, and ends at once when it is told to`() async throws {
        let (stage, process) = try await started()
        let port = endpoint.port
        try await onThread { [crowd] in
            crowd.join(100, on: port, fromMany: true)
            crowd.join(20, on: port, sending: HostileCrowd.Flood.header.bytes(isComplete: false))
            crowd.join(20, on: port, sending: Array("GET /healthz HTTP/1.1\r\nHost: loc".utf8))
        }
        let command = try stage.daemon.start("reload")
        #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
        #expect(try await endpoint.get("/readyz") { $1 == "ok\n" }.status == 200, tail(process))
        #expect(!process.output.contains { $0.contains("status endpoint failed") }, tail(process))
        try await onThread { [crowd] in
            crowd.join(100, on: port, fromMany: true)
            crowd.join(20, on: port, sending: HostileCrowd.Flood.line.bytes(isComplete: false))
        }
        let begun = ContinuousClock.now
        process.signal(SIGTERM)
        let ending = await process.ended(within: .seconds(20))
        #expect(ending == .exited(0), tail(process))
        print("ended \(ContinuousClock.now - begun) after SIGTERM")
        #expect(ContinuousClock.now - begun < .seconds(5))
        #expect(throws: Never.self) {
            _ = try ListeningSocket(try #require(SocketAddress(literal: "127.0.0.1", port: port)))
        }
    }

    /// Only `accept` finds none: where a process has none at all, libdispatch may end it at any moment, when it looks at its
    /// threads.
    @Test func `waits without a fuss when it has no descriptor for one of them, and serves it later`() async throws {
        guard let library = try await PreloadedLibrary("accept.c") else { return print("skipped: no C compiler") }
        let shortage = library.folder.file("shortage")
        let (stage, process) = try await started(["LD_PRELOAD": library.path, "ACCEPT_SHIM_FILE": shortage])
        defer { withExtendedLifetime(stage) {} }
        let port = endpoint.port
        try library.folder.write("", to: "shortage")
        let used = cpu(process)
        let connection = try await onThread {
            let connection = RawConnection(port: port)
            connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(connection.next(within: .seconds(3)) == .silence)
            return connection
        }
        print("CPU \(cpu(process) - used) s in 3 s")
        #expect(cpu(process) - used < 1)
        try #require(unsafe unlink(shortage) == 0)
        #expect(try await onThread { connection.answer() }.hasSuffix("ok\n"), tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `does not tell a browser's page that has made its own name lead here`() async throws {
        let (stage, process) = try await started()
        defer { withExtendedLifetime(stage) {} }
        let port = endpoint.port
        for path in ["/", "/healthz", "/readyz", "/status", "/metrics", "/requests/x"] {
            let answer = try await onThread {
                let connection = RawConnection(port: port)
                connection.send("GET \(path) HTTP/1.1\r\nHost: evil.example:\(port)\r\n\r\n")
                return connection.answer()
            }
            #expect(answer.hasPrefix("HTTP/1.1 421 ") && answer.contains("status.hosts"), "\(answer)")
        }
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
