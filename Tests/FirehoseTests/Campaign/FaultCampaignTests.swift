import ATProtocol
import Foundation
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(5))) struct `The fault campaign` {
    private func configuration() throws -> StreamConfiguration {
        var configuration = StreamConfiguration(
            hosts: try SimulatedHosts.urls.map { try WebURL($0) },
            collections: [try CollectionPattern("sh.tangled.repo.pull")]
        )
        configuration.verification = .off
        configuration.hostChangeMargin = .seconds(10)
        return configuration
    }

    /// One life of the daemon: from its start to its end by SIGKILL, or to the end of the campaign.
    private func live(_ hosts: SimulatedHosts, _ ledger: MemoryPositions, seed: UInt64) async throws {
        let batchQueue = BatchQueue()
        let follower = StreamFollower(
            configuration: try configuration(),
            positions: ledger,
            batchQueue: batchQueue,
            identities: nil,
            transport: hosts,
            clock: hosts.time,
            sleeper: VirtualSleeper(time: hosts.time),
            generator: SeededGenerator(seed: seed),
            logger: Logger.silent
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await ledger.take(from: batchQueue) { _ in false } }
            try await follower.run()
            // What is still in the queue dies with the process, unless it ends in peace.
            if hosts.isCalm { batchQueue.close() } else { group.cancelAll() }
        }
    }

    @Test func `after two thousand faults nothing is missing that no gap names`() async throws {
        // One sequence of faults in every run, which once lost four requests; IMPACT_NOTIFIER_SEED gives another.
        let isChosen = ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_SEED"] != nil
        let seed = isChosen ? randomSeed() : 12_317_978_250_923_263_552
        let target = ProcessInfo.processInfo.environment["CAMPAIGN_FAULTS"].flatMap(Int.init) ?? 2000
        let hosts = SimulatedHosts(seed: seed, faults: target, time: VirtualTime())
        let ledger = MemoryPositions()
        var lives = 0
        var generator = SeededGenerator(seed: seed ^ 1)
        var end = UnixTime.distantPast
        repeat {
            lives += 1
            try await live(hosts, ledger, seed: generator.next())
            end = hosts.time.now()
            hosts.time.advance(by: Double.random(in: 0...30, using: &generator))
        } while hosts.faultCounts.values.reduce(0, +) < target
        let seen = Set(ledger.created)
        let gaps = ledger.gaps
        let written = hosts.written
        let settled = (end - .seconds(30)).microseconds
        var swept = 0
        for (uri, time) in written where time < settled && !seen.contains(uri) {
            swept += 1
            #expect(
                gaps.contains { $0.from <= time && time <= $0.until },
                "\(uri) at \(time) is missing, and no gap names it"
            )
        }
        for kind in SimulatedHosts.Fault.allCases { #expect(hosts.faultCounts[kind] != nil, "\(kind) never happened") }
        #expect(seen.isSubset(of: written.keys))
        print(
            "campaign: \(hosts.faultCounts.values.reduce(0, +)) faults, \(lives) lives, \(hosts.messages) messages,",
            "\(written.count) requests, \(seen.count) seen on the stream, \(swept) left to sweeps of \(gaps.count) gaps"
        )
    }
}
