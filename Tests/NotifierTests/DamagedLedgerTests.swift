import ATProtocol
import Firehose
import Foundation
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// Damage to the ledger.
@Suite(.timeLimit(.minutes(20))) struct `A ledger that is damaged somewhere` {
    @Test func `is noticed beside the work, and ends the daemon`() async throws {
        let world = try World()
        try await world.run([World.batch(try (1...200).map { try World.event($0, at: world.clock) })])
        try await Self.checkpoint(world)
        let file = try #require(FileHandle(forUpdatingAtPath: Self.path(world)))
        let size = try file.seekToEnd()
        // The last page belongs to some table or index; its header says of which kind.
        try file.seek(toOffset: size - 4096)
        try file.write(contentsOf: Data(repeating: 0xFF, count: 64))
        try file.close()
        await #expect { try await world.runToItsEnd() } throws: { ($0 as? LedgerError)?.code == .corrupt }
    }

    private enum Damage: String {
        case bit
        case cut
    }

    private static func path(_ world: World) -> String { world.directory.file("ledger.sqlite") }

    /// What stands in the -wal would be written over the damage.
    private static func checkpoint(_ world: World) async throws {
        try await DatabaseQueue.beside(path(world)).writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    }

    /// Owners with a message that was sent, two that wait for a limit, and one who takes none.
    private static func owner(_ number: Int) -> DID {
        World.did("damaged" + String(Array("abcdefghijklmnopqrstuvwxyz")[number % 26]))
    }

    private static func title(_ number: Int, _ owner: DID) -> String { "Request \(number) of \(owner.text.suffix(24))" }

    @Test func `is loud or harmless after a changed bit or a cut, and tells nobody twice or something of others`()
        async throws
    {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        var world = try World()
        try world.keepOldKey()
        world.configuration.policy.ownerHourlyLimit = 1
        world.configuration.digest.window = .zero
        world.chat.refuse(Self.owner(7), #"{"error":"MessagesDisabled"}"#)
        func event(_ number: Int, for owner: DID) throws -> StreamEvent {
            try World.event(number, for: owner, title: Self.title(number, owner), at: world.clock)
        }
        let events = try (0..<24).map { try event($0 + 1, for: Self.owner($0 % 8)) }
        try await world.run([World.batch(events)], untilNothingIsDue: true) { $0[.delivered] == 7 && $0[.queued] == 14 }
        try await Self.checkpoint(world)
        let sound = try #require(FileManager.default.contents(atPath: Self.path(world)))
        // The second requests are due now.
        world.clock.advance(3601)
        var (loud, harmless) = (0, 0)
        for trial in 0..<100 {
            let damage: Damage = trial % 5 == 4 ? .cut : .bit
            var bytes = sound
            switch damage {
            case .bit:
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            case .cut: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            }
            // A daemon that has ended may still be closing its file.
            world.directory = try TemporaryDirectory()
            try world.keepOldKey()
            try bytes.write(to: URL(filePath: Self.path(world)))
            let fresh = World.did("fresh" + String(Array("abcdefghijklmnopqrstuvwxyz")[trial % 26]))
            let request = try event(100 + trial, for: fresh)
            let news = World.batch(request)
            let isTold = { @Sendable [chat = world.chat] in
                chat.messages(to: fresh).contains { $0.text.contains("“\(Self.title(100 + trial, fresh))”") }
            }
            let isExplained = { (jobs: [Job]) in
                isTold() || jobs.contains { $0.uri == request.recordURI && $0.reason != nil }
            }
            do {
                var jobs: [Job] = []
                // What is not told at once waits for something, as a rule; or the machine is busy.
                for patience in [Duration.seconds(3), .seconds(60)] {
                    try await world.run(news, within: patience, isDone: isTold)
                    jobs = try await world.jobs()
                    if isExplained(jobs) { break }
                }
                #expect(jobs.count == events.count + 1, "trial \(trial), seed \(seed)")
                #expect(isExplained(jobs), "trial \(trial), seed \(seed)")
                harmless += 1
            } catch let error as LedgerError {
                loud += 1
                #expect(error.code != .other, "\(error)")
            }
            for message in world.chat.messages {
                let told = message.text.prefix { $0 != "\n" }
                #expect(
                    told.contains(message.owner.text.suffix(24)),
                    "trial \(trial), seed \(seed): \(told) to \(message.owner)"
                )
            }
            let counts = Dictionary(
                grouping: world.chat.messages.map { "\($0.text.prefix { $0 != "\n" })" },
                by: \.self
            )
            let repeated = counts.filter { $0.value.count > 1 }.keys
            try #require(repeated.isEmpty, "trial \(trial) (\(damage)), seed \(seed): \(repeated)")
        }
        print("\(loud) loud, \(harmless) harmless")
        #expect(loud > 0 && harmless > 0)
    }
}
