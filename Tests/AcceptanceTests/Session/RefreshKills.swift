import ATProtocol
import Foundation
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// Kills a daemon in its refreshes and judges, from what server and disk hold, what became of the session.
///
/// A session may be lost in one way alone: the server has rotated, and the process died before the new record was on
/// the disk. The protocol has no way back from there (docs/oauth.md).
struct RefreshKills {
    /// Where in a refresh the process dies.
    enum Moment: String, CaseIterable {
        /// Somewhere between the request for a message and the refresh that sending it needs.
        case before
        /// The store holds the intent, the server rests between finding the token and rotating it.
        case held
        /// The server has the request and does nothing with it.
        case unanswered
        /// The server has rotated and writes nothing yet.
        case rotated
        /// The answer comes in pieces.
        case written
        /// The answer is on its way, or there.
        case answered
    }

    /// What became of the sessions.
    struct Count {
        var lived = 0
        var lost = 0
    }

    let stage: Stage
    private(set) var counts: [Moment: Count] = [:]
    private var generator: SeededGenerator
    private var process: ChildProcess
    /// Tokens that the disk held no more when a process had died: they have successors there.
    private var replaced: Set<String> = []
    private var examined = 0
    private var asked = 0

    init(seed: UInt64) async throws {
        generator = SeededGenerator(seed: seed)
        stage = try await Stage(owners: 10, overrides: ["sending.settle": "500ms"], isLoggedIn: false)
        // Each call renews the tokens before.
        stage.network.authorizationServer.lifetimes.access = 8
        try await stage.daemon.logIn()
        process = try stage.daemon.run()
        try await expectMessages()
    }

    /// Kills once, starts the daemon again, and sees the session live or its loss proved.
    mutating func strike(_ moment: Moment) async throws {
        let login = session?["login_id"]?.string
        try await die(moment)
        stage.network.faults.clear()
        // What the server had begun, it ends.
        try await stage.awaitRest(of: stage.network.authorizationServerURL, "as")
        let token = try #require(session?["refresh_token"]?.string)
        let shown = examine(holding: token)
        let isLost = shown.contains { $0.token == token && $0.status == 200 }
        // What was received was on the disk before anybody used it or spoke of it.
        let isOneAhead = isLost && shown.last?.token != token
        #expect(!isOneAhead, "\(moment): a token was shown that is not on the disk")
        let told = process.output.compactMap(Self.generation).max() ?? 0
        let stored = try #require(session?["generation"]?.integer)
        #expect(stored >= told, "\(moment): generation \(told) was told of, and \(stored) is on the disk")

        process = try stage.daemon.run()
        let story: Comment = "\(moment), \(isLost ? "lost" : "living")\n\(tail(process))"
        if isLost {
            counts[moment, default: Count()].lost += 1
            let proof = await process.line(within: .seconds(30)) { $0.contains("session needs a human") }
            try #require(proof?.contains("reason=lost-in-crash") == true, story)
            try await stage.daemon.logIn()
        } else {
            counts[moment, default: Count()].lived += 1
            #expect(stage.network.authorizationServer.sessionCount == 1, story)
        }
        try await expectMessages()
        if !isLost {
            #expect(session?["login_id"]?.string == login, "\(moment): another login\n\(tail(process))")
            #expect(!process.output.contains { $0.contains("needs a human") }, "\(moment)\n\(tail(process))")
        }
    }

    /// Ends the daemon, and sees that each message went out once.
    mutating func end() async throws {
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(60)) == .exited(0), tail(process))
        _ = examine(holding: try #require(session?["refresh_token"]?.string))
        let counts = (0..<asked).map { stage.count("Request \($0).") }
        #expect(counts.allSatisfy { $0 == 1 }, "\(counts)")
        #expect(stage.network.chat.messages.count == asked)
    }

    /// The generation that a line tells to have come.
    private static func generation(in line: String) -> Int64? {
        guard line.contains("msg=\"tokens renewed\""), let start = line.firstRange(of: " generation=")?.upperBound
        else { return nil }
        return Int64(line[start...].prefix { $0.isNumber })
    }

    // MARK: Dying

    private mutating func die(_ moment: Moment) async throws {
        let faults = stage.network.faults
        func add(_ effect: Fault.Effect) {
            faults.add(Fault(effect), on: SessionTrial.token, count: SessionTrial.always)
        }
        switch moment {
        case .before, .answered: break
        case .held: faults.add(.misbehave(.slowRotation(.milliseconds(120))))
        case .unanswered: add(.silence(.seconds(30)))
        case .rotated: add(.delay(.milliseconds(400)))
        case .written: add(.trickle(bytes: 60, pause: .milliseconds(4)))
        }
        let journal = stage.network.journal.stream()
        let struck = faults.fired
        try ask()
        let milliseconds: Double
        switch moment {
        case .before: milliseconds = 150
        case .held:
            #expect(await isBegun(), tail(process))
            milliseconds = 200
        case .unanswered:
            let isHeld = await holds(within: .seconds(20), every: .milliseconds(1)) { faults.fired > struck }
            #expect(isHeld, tail(process))
            milliseconds = 200
        case .rotated, .written, .answered:
            #expect(await Self.isRotated(journal), tail(process))
            milliseconds = moment == .answered ? 15 : 100
        }
        // The one place where a test sleeps on purpose: the moment of death is the input.
        try await Task.sleep(for: .milliseconds(Double.random(in: 0...milliseconds, using: &generator)))
        #expect(process.ending == nil, tail(process))
        process.signal(SIGKILL)
        #expect(await process.ended(within: .seconds(10)) == .signalled(SIGKILL))
    }

    /// Waits until the store holds that a refresh was begun.
    private func isBegun() async -> Bool {
        await holds(within: .seconds(20), every: .milliseconds(1)) { session?["refresh_intent"] != nil }
    }

    /// Waits until the server has rotated.
    private static func isRotated(_ journal: AsyncStream<JournalEntry>) async -> Bool {
        await journal.first(within: .seconds(20)) { $0.request.path == "/oauth/token" && $0.status == 200 } != nil
    }

    // MARK: Judging

    private var session: JSONValue? { SessionTrial.session(of: stage) }

    /// Looks at what the server was shown since the last time: no token that had a successor on the disk is among it.
    private mutating func examine(holding current: String) -> [(token: String, status: Int?)] {
        let entries = stage.network.journal.entries(matching: SessionTrial.token).compactMap { entry in
            entry.request.form.first { $0.name == "refresh_token" }.map { (token: $0.value, status: entry.status) }
        }
        let news = Array(entries[examined...])
        examined = entries.count
        var passed: Set<String> = []
        var last: String?
        for (token, _) in news {
            // No token is an operand of an expectation: it would print it.
            let (isReplaced, isPassed) = (replaced.contains(token), passed.contains(token))
            #expect(!isReplaced, "a token was shown although its successor was on the disk")
            #expect(!isPassed, "a token was shown after its successor")
            if let last, last != token { passed.insert(last) }
            last = token
        }
        replaced.formUnion(entries.map(\.token))
        replaced.remove(current)
        return entries
    }

    private mutating func ask() throws {
        try stage.ask("Request \(asked).", of: asked % 10)
        asked += 1
    }

    /// Everything that was asked for goes out; on its way the tokens are renewed.
    private mutating func expectMessages() async throws {
        try ask()
        let stored = await stage.messages(reaching: asked, within: .seconds(60), unless: process)
        try #require(stored == asked, tail(process))
    }
}
