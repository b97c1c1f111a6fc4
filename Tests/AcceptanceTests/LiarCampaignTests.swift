import ATProtocol
import Foundation
internal import LedgerStorage
import Notifier
import Sandbox
import TestSupport
import Testing

/// What nobody may be told twice by, and nothing be lost by: memory that is older than the chat, a clock that is set, and
/// servers that lie.
///
/// `IMPACT_NOTIFIER_LIARS=5000` runs it in full; fifty kills then.
@Suite(.serialized, .timeLimit(.minutes(60)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon among liars` {
    private static let requests =
        ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_LIARS"].flatMap { Int($0) } ?? 500
    private static let kills = max(8, requests / 100)

    private static let lies: [Fault] = [
        .earlierAnswer, .oldPage, .unknownForms, .emptyAnswer, .namedPage, .htmlPage, .dropAfter, .upstreamFailureAfter,
    ]

    /// What happens to the ledger while the daemon is dead.
    private enum Memory: String, CaseIterable {
        case kept
        case copied
        case restored
        case withoutLog
        case emptied
    }

    @Test func `that has lost its ledger tells nobody twice, and says so in the log and to the doctor`() async throws {
        let stage = try await Stage(overrides: ["stream.initial_margin": "1h"])
        try keepOldKey(stage)
        var process = try stage.daemon.run()
        #expect(await stage.isListening(process))
        for number in 0..<3 { try stage.ask("Request \(number).") }
        #expect(await stage.messages(reaching: 3, within: .seconds(20), unless: process) == 3)
        process.signal(SIGTERM)
        _ = await process.ended(within: .seconds(10))
        restore([], stage)
        process = try stage.daemon.run()
        let lines = process.lines()
        try stage.ask("Request 3.")
        let jobs = try await stage.rest(of: 4, process)
        #expect(jobs.values.map { $0.reason ?? "" }.sorted() == ["", "already-told", "already-told", "already-told"])
        #expect(stage.countsByRequest() == [0: 1, 1: 1, 2: 1, 3: 1])
        #expect(await lines.first(within: .seconds(5)) { $0.contains("the ledger is older than the chat") } != nil)
        process.signal(SIGTERM)
        _ = await process.ended(within: .seconds(10))
        restore([], stage)
        let doctor = try stage.daemon.start("doctor")
        _ = await doctor.ended(within: .seconds(60))
        #expect(doctor.output.contains { $0.contains("there is no ledger") }, tail(doctor))
    }

    /// What the machine's clock is set to, in seconds beside the truth.
    private static let clocks = [0, -90, -7200, 43_200, 180_000, 31_536_000, -31_536_000]

    @Test func `tells nobody twice and loses nothing`() async throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let clock = try await MachineClock()
        if clock == nil { print("skipped: there is no C compiler to make a wrong clock with") }
        let stage = try await Stage(
            owners: 40,
            overrides: Stage.hurried.merging(["stream.initial_margin": "1h"]) { $1 },
            environment: clock?.environment ?? [:]
        )
        try keepOldKey(stage)
        let network = stage.network
        for (index, pattern) in ["chat.bsky.convo", "plc GET", "getRecord"].enumerated() {
            network.faults.campaign(Self.lies, on: pattern, share: 0.05, seed: seed &+ UInt64(index))
        }
        let writer = Task {
            for number in 0..<Self.requests {
                try stage.ask("Request \(number).", of: number % 40)
                if number % 10 == 9 { try await Task.sleep(for: .milliseconds(100)) }
            }
        }
        var process = try stage.daemon.run()
        await streamIsOpen(process)
        var copies: [[(String, Data)]] = []
        var memories: [Memory] = []
        var clocks: [Int] = []
        func set() throws {
            clocks.append(Self.clocks.randomElement(using: &generator) ?? 0)
            try clock?.set(clocks.last ?? 0)
        }
        for _ in 0..<Self.kills {
            // The moment of death is the input.
            try await Task.sleep(for: .milliseconds(Int.random(in: 150...1000, using: &generator)))
            try set()
            try await Task.sleep(for: .milliseconds(Int.random(in: 150...1000, using: &generator)))
            #expect(process.ending == nil, tail(process))
            await standStill(process, stage)
            try await stage.kill(process)
            let memory = Memory.allCases.randomElement(using: &generator) ?? .kept
            memories.append(memory)
            switch memory {
            case .kept: break
            case .copied: copies.append(copy(stage))
            case .restored: if let copy = copies.randomElement(using: &generator) { restore(copy, stage) }
            case .withoutLog: remove(["ledger.sqlite-wal", "ledger.sqlite-shm"], stage)
            case .emptied: restore([], stage)
            }
            // Where a reading without a position begins only the clock can say.
            let isBeginning = await !hasPosition(stage)
            if isBeginning { try clock?.set(0) } else { try set() }
            process = try stage.daemon.run()
            if isBeginning { await streamIsOpen(process) }
        }
        try clock?.set(0)
        try await writer.value
        let jobs = try await stage.rest(of: Self.requests, process)
        let states = Dictionary(grouping: jobs.values, by: \.state).mapValues(\.count)
        let reasons = Dictionary(grouping: jobs.values.compactMap(\.reason), by: { $0 }).mapValues(\.count)
        print(
            "\(Self.requests) requests, \(Self.kills) kills, \(network.faults.fired) lies, \(memories.map(\.rawValue)), clocks \(clocks): \(states), \(reasons)"
        )
        let stored = stage.countsByRequest()
        for (number, count) in stored { #expect(count == 1, "request \(number) is stored \(count) times") }
        // What no server and no memory can tell is the operator's, and said.
        let undecided = jobs.values.filter { $0.state == "uncertain" }
        #expect(
            undecided.allSatisfy { ["possibly-told", "conversation-unreadable"].contains($0.reason) },
            "\(reasons)"
        )
        #expect(stored.count + undecided.count >= Self.requests, "\(states) \(reasons) \(tail(process))")
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    /// A key that is older than every request: it has been there for months when a ledger is lost.
    private func keepOldKey(_ stage: Stage) throws {
        try stage.daemon.replaceState("marks.key", String(repeating: "abcd", count: 10) + "abc=\n0\n")
    }

    /// Waits until a daemon that has no position has asked its clock where to begin, however slow the machine is.
    private func streamIsOpen(_ process: ChildProcess) async {
        let line = await process.line(within: .seconds(30)) { $0.contains("msg=\"stream open\"") }
        #expect(line != nil, tail(process))
    }

    /// Lets the daemon stand still where no renewal of tokens is under way: what is lost by one that is cut short is another
    /// suite's matter.
    private func standStill(_ process: ChildProcess, _ stage: Stage) async {
        let isStill = await holds(within: .seconds(20), every: .milliseconds(10)) {
            process.signal(SIGSTOP)
            _ = await holds(within: .seconds(5), every: .milliseconds(5)) { isStopped(process) }
            let file = FileManager.default.contents(atPath: stage.daemon.statePath + "/session.json")
            guard let file, let json = try? JSONValue(parsing: Array(file)), json["refresh_intent"] != nil else {
                return true
            }
            process.signal(SIGCONT)
            return false
        }
        #expect(isStill, tail(process))
    }

    /// Whether each thread of it has come to a halt (proc(5): `stat` shows the state behind the name).
    private func isStopped(_ process: ChildProcess) -> Bool {
        let folder = "/proc/\(process.identifier)/task/"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return threads.allSatisfy { thread in
            let stat = FileManager.default.contents(atPath: folder + thread + "/stat") ?? Data()
            return String(decoding: stat, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") == true
        }
    }

    private static let files = ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"]

    private func copy(_ stage: Stage) -> [(String, Data)] {
        Self.files.dropLast().compactMap { name in
            FileManager.default.contents(atPath: stage.daemon.statePath + "/" + name).map { (name, $0) }
        }
    }

    /// Whether the ledger says how far the stream was read; asked of a copy, so that nothing is written for the daemon.
    private func hasPosition(_ stage: Stage) async -> Bool {
        guard let directory = try? TemporaryDirectory() else { return false }
        for (name, data) in copy(stage) {
            _ = FileManager.default.createFile(atPath: directory.file(name), contents: data)
        }
        let ledger = try? await Ledger.open(directory: directory.path, access: .command)
        return (try? await ledger?.stream.positions().isEmpty) == false
    }

    private func restore(_ copy: [(String, Data)], _ stage: Stage) {
        remove(Self.files, stage)
        for (name, data) in copy {
            let path = stage.daemon.statePath + "/" + name
            _ = FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600])
        }
    }

    private func remove(_ names: [String], _ stage: Stage) {
        for name in names { try? FileManager.default.removeItem(atPath: stage.daemon.statePath + "/" + name) }
    }
}
