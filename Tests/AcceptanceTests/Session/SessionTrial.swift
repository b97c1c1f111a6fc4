import ATProtocol
import Foundation
import Glibc
import Network
import Sandbox
import Testing

/// A daemon with a living session to which something happens, and what its operator is shown meanwhile.
///
/// An access token lives eight seconds, so a session that cannot renew its tokens soon cannot send.
struct SessionTrial: Sendable {
    /// How the daemon proves to be the account.
    enum Kind: Sendable {
        case loopback
        case appPassword
    }

    /// The first part of what a fault of the token endpoint is ordered with.
    static let token = "as POST /oauth/token"
    /// A fault is lifted, not counted.
    static let always = 100_000

    /// Many that log in at once would take the machine from all other tests.
    private static let beginnings = Turnstile(2)

    let name: String
    let stage: Stage
    let reader = StatusEndpoint()
    let process: ChildProcess
    /// The stored session's login, of which no new one may come.
    let login: String

    /// Logs in, starts the daemon, and sees it send a message.
    ///
    /// - Parameters:
    ///   - name: what failures of the test are told with.
    ///   - kind: of the session.
    ///   - environment: further variables of the daemon.
    ///   - prepare: what is done between the login and the start.
    /// - Throws: what keeps the daemon from its stream.
    init(
        _ name: String,
        _ kind: Kind = .loopback,
        environment: [String: String] = [:],
        prepare: (Stage) throws -> Void = { _ in }
    ) async throws {
        await Self.beginnings.enter()
        defer { Self.beginnings.leave() }
        self.name = name
        stage = try await Stage(
            overrides: ["status.listen": reader.address],
            environment: environment,
            isLoggedIn: false
        )
        stage.network.authorizationServer.lifetimes.access = 8
        stage.network.setPasswordAccessLifetime(8)
        switch kind {
        case .loopback: try await stage.daemon.logIn()
        case .appPassword: try await Self.logInWithPassword(stage)
        }
        login = try #require(Self.session(of: stage)?["login_id"]?.string)
        try prepare(stage)
        process = try stage.daemon.run()
        let isOpen = await process.line(within: .seconds(60)) { $0.contains("stream open") } != nil
        try #require(isOpen, "\(name)\n\(tail(process))")
    }

    private static func logInWithPassword(_ stage: Stage) async throws {
        let path = stage.daemon.folder + "/app-password"
        let password = Data(stage.network.createAppPassword(for: stage.bot, isPrivileged: true).utf8)
        let isWritten = FileManager.default.createFile(
            atPath: path,
            contents: password,
            attributes: [.posixPermissions: 0o600]
        )
        try #require(isWritten)
        try stage.daemon.changeConfiguration(
            "  kind: loopback",
            to: "  kind: app-password\n  app_password_file: \(path)"
        )
        let login = try stage.daemon.start("login", ["--app-password"])
        let ending = await login.ended(within: .seconds(60))
        try #require(ending == .exited(0), tail(login))
    }

    /// The stored session; nil while there is none.
    static func session(of stage: Stage) -> JSONValue? {
        FileManager.default.contents(atPath: stage.daemon.statePath + "/session.json")
            .flatMap { try? JSONValue(parsing: Array($0)) }
    }

    /// What a failed expectation tells.
    func story(_ text: String = "") -> Comment { "\(name): \(text)\n\(tail(process))" }

    /// Waits until one more fault has struck.
    func strikes(_ fault: Fault, on pattern: String) async {
        let before = stage.network.faults.fired
        stage.network.faults.add(fault, on: pattern, count: Self.always)
        #expect(await holds(within: .seconds(60)) { stage.network.faults.fired > before }, story("no fault struck"))
    }

    // MARK: What is expected

    /// Asks for a change and sees its message go out, once.
    func expectMessage(_ title: String, within patience: Duration = .seconds(60)) async throws {
        try stage.ask(title)
        await expectDelivery(of: title, within: patience)
    }

    /// Sees a message go out that was asked for, once.
    func expectDelivery(of title: String, within patience: Duration = .seconds(60)) async {
        _ = await holds(within: patience) { stage.count(title) > 0 }
        #expect(stage.count(title) == 1, story("“\(title)” was sent \(stage.count(title)) times"))
    }

    /// The ERROR that tells of the silence, with its reason and the command to run.
    func expectAlarm(_ reason: String, run: String = "impact-notifier login") async throws {
        let alarm = await process.line(within: .seconds(90)) { line in
            let isSaid = ["session cannot send; messages wait", "session needs a human; nothing is sent"]
                .contains { line.contains("msg=\"\($0)\"") }
            return isSaid && line.contains("level=error") && line.contains("run=\"\(run)\"")
                && line.contains("reason=\(reason)")
        }
        try #require(alarm != nil, story("no alarm for \(reason)"))
    }

    /// What watchers see while no message can be sent.
    func expectSilence(_ reason: String, refreshResult: String?) async throws {
        #expect(await reader.shows(metric: "session_usable", "0"), story("session_usable is not 0"))
        if let refreshResult {
            let series = "oauth_refresh_total{result=\"\(refreshResult)\"}"
            #expect(await reader.shows(metric: series), story("no \(series)"))
        }
        let isTold = await reader.shows("/readyz") { text in
            text.hasPrefix("ok, but nothing can be sent: ") && text.contains("(\(reason)") && text.contains("; run '")
        }
        let page = await reader.text("/readyz")
        #expect(isTold, story("/readyz says “\(page)”"))
        let json = try await expectAdvice()
        #expect(json["daemon"]?["reason"]?.string == reason, story("\(json)"))
    }

    /// What `session status` says, as text and as JSON: it never advises to run itself.
    @discardableResult
    func expectAdvice() async throws -> JSONValue {
        let text = try stage.daemon.start("session", ["status"])
        _ = await text.ended(within: .seconds(60))
        let json = try stage.daemon.start("session", ["status", "--json"])
        _ = await json.ended(within: .seconds(60))
        for line in text.output + json.output {
            #expect(!line.contains("session status"), story("“session status” advises to run itself: \(line)"))
        }
        #expect(text.output.first?.hasPrefix("state: ") == true, story("\(text.output)"))
        return try JSONValue(parsing: try #require(json.output.last))
    }

    /// The session is the one that it was, and well.
    func expectLife() async throws {
        #expect(await reader.shows(metric: "session_usable", "1"), story("session_usable is not 1"))
        let isReady = await reader.shows("/readyz") { $0 == "ok\n" }
        let page = await reader.text("/readyz")
        #expect(isReady, story("/readyz says “\(page)”"))
        let isWell = await holds(within: .seconds(20)) {
            let stored = Self.session(of: stage)
            return stored?["login_id"]?.string == login && stored?["state"] == nil && stored?["setbacks"] == nil
        }
        #expect(isWell, story("the stored session is not well"))
        let isTold = await reader.shows("/status") { text in
            (try? JSONValue(parsing: text))?["session"]?["state"]?.string == "ok"
        }
        #expect(isTold, story("/status does not say that the session is well"))
        let json = try await expectAdvice()
        #expect(json["state"]?.string == "ok" && json["daemon"]?["state"]?.string == "ok", story("\(json)"))
    }

    /// Ends the daemon as a service manager does.
    func end() async {
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(60)) == .exited(0), story())
    }
}
