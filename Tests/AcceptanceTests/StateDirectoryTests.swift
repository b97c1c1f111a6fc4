import FoundationEssentials
import Glibc
import Sandbox
import Testing

/// The directory as systemd lays it out for a DynamicUser: a link into a folder of its own.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A state directory that is reached through a link` {
    @Test func `takes a login, every renewal of tokens, and a restart`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let real = stage.daemon.statePath + ".private"
        try #require(unsafe mkdir(real, 0o700) == 0)
        try #require(unsafe symlink(real, stage.daemon.statePath) == 0)
        stage.network.authorizationServer.lifetimes.access = 5
        try await stage.daemon.logIn()
        var process = try stage.daemon.run()
        for number in 1...3 {
            // Tokens that live for less than the margin are renewed before each call.
            try stage.ask("Renewed \(number)")
            #expect(
                await stage.messages(reaching: number, within: .seconds(20), unless: process) == number,
                tail(process)
            )
        }
        #expect(process.output.count { $0.contains("tokens renewed") } >= 3, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        process = try stage.daemon.run()
        try stage.ask("Restarted")
        #expect(await stage.messages(reaching: 4, within: .seconds(20), unless: process) == 4, tail(process))
        process.signal(SIGHUP)
        let reloaded = await process.line(within: .seconds(10)) { $0.contains("configuration reloaded") }
        #expect(reloaded != nil, tail(process))
    }
}

/// Commands that root types, beside a daemon of its own user.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: Stage.binary != nil && getuid() == 0, "skipped: no daemon binary, or not root")
)
struct `Root at the state of another user` {
    private static let nobody: uid_t = 65_534

    @Test func `becomes that user, and leaves no file of root's`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let path = stage.daemon.statePath
        try #require(unsafe mkdir(path, 0o700) == 0)
        try #require(unsafe chown(path, Self.nobody, Self.nobody) == 0)
        try #require(unsafe chmod(stage.daemon.folder, 0o755) == 0)
        try #require(unsafe chmod(stage.daemon.configurationPath, 0o644) == 0)
        try await stage.daemon.logIn()
        let process = try stage.daemon.run()
        try stage.ask("From root's terminal")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let name = try? String(contentsOfFile: "/proc/\(process.identifier)/comm", encoding: .utf8)
        #expect(name == "impact-notifier\n")
        #expect(
            Self.users(of: process) == [Self.nobody],
            "every thread, or what is left of root can be had by who gets in"
        )
        for command in [["jobs", "list"], ["session", "status"], ["session", "check"], ["reload"], ["check"]] {
            let look = try stage.daemon.start(arguments: command)
            #expect(await look.ended(within: .seconds(30)) == .exited(0), tail(look))
        }
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        let strangers = try ChildProcess("/usr/bin/find", [path, "!", "-user", "\(Self.nobody)"])
        #expect(await strangers.ended(within: .seconds(10)) == .exited(0))
        #expect(strangers.output.isEmpty)
    }

    @Test func `hands on no descriptor that root has opened`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        try #require(unsafe mkdir(stage.daemon.statePath, 0o700) == 0)
        try #require(unsafe chown(stage.daemon.statePath, Self.nobody, Self.nobody) == 0)
        try #require(unsafe chmod(stage.daemon.folder, 0o755) == 0)
        try #require(unsafe chmod(stage.daemon.configurationPath, 0o644) == 0)
        // As a terminal's shell may have it: a file that only root may read.
        let opened = stage.daemon.folder + "/of-root"
        let script = #"umask 077; echo x > "$2"; exec 7< "$2"; exec "$0" run --config "$1""#
        let process = try ChildProcess(
            "/bin/sh",
            ["-c", script, try #require(Stage.binary), stage.daemon.configurationPath, opened],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        #expect(await stage.isListening(process), tail(process))
        #expect(Self.users(of: process) == [Self.nobody])
        let folder = "/proc/\(process.identifier)/fd"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).map {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
        #expect(files.count > 3 && !files.contains(opened))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    /// The effective users of a process's threads.
    private static func users(of process: ChildProcess) -> Set<uid_t> {
        let path = "/proc/\(process.identifier)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let users = threads.compactMap { thread -> uid_t? in
            let status = (try? String(contentsOfFile: "\(path)/\(thread)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
            return line?.split(separator: "\t").dropFirst(2).first.flatMap { uid_t($0) }
        }
        return Set(users)
    }

    @Test func `makes a missing one for whose folder it is in, and looking makes none`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        try #require(unsafe chown(stage.daemon.folder, Self.nobody, Self.nobody) == 0)
        try #require(unsafe chmod(stage.daemon.folder, 0o755) == 0)
        for (command, status) in [
            (["doctor"], Int32(1)), (["session", "status"], 2), (["jobs", "list"], 73), (["logout"], 77),
        ] {
            let look = try stage.daemon.start(arguments: command)
            #expect(await look.ended(within: .seconds(30)) == .exited(status), tail(look))
        }
        #expect(unsafe access(stage.daemon.statePath, F_OK) != 0)
        try #require(unsafe chmod(stage.daemon.configurationPath, 0o644) == 0)
        try await stage.daemon.logIn()
        var made = stat()
        try #require(unsafe stat(stage.daemon.statePath, &made) == 0)
        #expect(made.st_uid == Self.nobody)
        #expect(made.st_mode & 0o777 == 0o700)
    }
}
