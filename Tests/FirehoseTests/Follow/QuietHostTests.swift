import ATProtocol
import Network
import TestSupport
import Testing

@testable import Firehose

/// To be quiet is no illness, and what is one other hosts alone can show.
@Suite(.timeLimit(.minutes(1))) struct `A quiet host` {
    private typealias Stream = ScriptedStream

    @Test(
        arguments: [StreamWire.jetstream2, .jetstream1, .relay],
        [nil, 1200, 3600, 50] as [Double?]
    )
    func `that is the only one is connected to anew after ever longer silences, of which one is said`(
        wire: StreamWire,
        period: Double?
    ) async throws {
        let hosts = QuietHosts(period.map { ["a.test": $0] } ?? [:], hours: 24)
        try await hosts.follow([Stream.url(wire)])
        let most = period == nil ? 13 : period == 50 ? 1 : 8
        #expect((1...most).contains(hosts.connections.count), "\(hosts.connections)")
        #expect(hosts.notices == (period == 50 ? 0 : 1), "the markers of a quiet filter are no silence")
        #expect(hosts.ledger.events.count == period.map { Int(86_400 / $0) } ?? 0)
        // A relay cannot be asked for what came between two connections, before it has sent anything.
        let isGap = wire == .relay && period.map { $0 > 50 } ?? false
        #expect(hosts.ledger.gaps.count == (isGap ? 1 : 0))
        #expect(hosts.log.metadata(of: "stream disconnected").allSatisfy { $0["reason"] == "quiet" })
    }

    @Test func `is one of two, which are asked in turn after a silence that is longer each time`() async throws {
        let hosts = QuietHosts([:], hours: 24)
        try await hosts.follow([Stream.url(.jetstream1), Stream.url(.relay, host: "b.test")])
        let times = hosts.connections.map(\.time)
        let waits = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(times.count > 2 && times.count < 30, "\(times)")
        #expect(waits.allSatisfy { $0 >= 60 } && waits.dropFirst(6).allSatisfy { $0 >= 900 }, "\(waits)")
        #expect(hosts.notices == 1)
        #expect(!hosts.log.metadata(of: "stream disconnected").contains { $0["reason"] == "stalled" })
    }

    @Test func `is left for another that goes on`() async throws {
        let hosts = QuietHosts(["b.test": 5], hours: 3)
        try await hosts.follow([Stream.url(.jetstream2), Stream.url(.jetstream2, host: "b.test")])
        let connections = hosts.connections
        #expect(connections.map(\.host).prefix(2) == ["a.test", "b.test"])
        #expect((connections.dropFirst().first?.time ?? 0) < 70)
        // It is preferred, and asked again after ten minutes, then less and less often.
        #expect((2...10).contains(connections.count { $0.host == "a.test" }), "\(connections)")
        #expect(hosts.ledger.events.count > 1500)
    }

    @Test func `beside one that goes on is left after a silence that is longer each time`() async throws {
        let hosts = QuietHosts(["b.test": 5], hours: 6, parallel: 2)
        try await hosts.follow([Stream.url(.relay), Stream.url(.jetstream2, host: "b.test")])
        let connections = hosts.connections
        #expect(connections.count { $0.host == "b.test" } == 1)
        #expect((3...12).contains(connections.count { $0.host == "a.test" }), "\(connections)")
        let reasons = hosts.log.metadata(of: "stream disconnected").compactMap { $0["reason"] }
        let stalled = reasons.count { $0 == "stalled" }
        // What the other one brings in its first minute shows nothing: until then it may be asked whether it is quiet.
        #expect(stalled >= 1 && reasons.count - stalled <= 1, "\(reasons)")
    }

    @Test func `beside another that is as quiet is not left each minute`() async throws {
        let hosts = QuietHosts([:], hours: 24, parallel: 2)
        try await hosts.follow([Stream.url(.jetstream2), Stream.url(.jetstream1, host: "b.test")])
        #expect((2...28).contains(hosts.connections.count) && hosts.notices == 1, "\(hosts.connections)")
    }

    // MARK: What is decided

    private static let start = ContinuousClock.now

    private func moment(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    @Test func `is not behind for what another has brought a moment before`() {
        let watch = QuietWatch(timeout: .seconds(60))
        for host in ["a", "b"] { watch.begin(host) }
        for hour in 1...5 {
            let time = Double(hour) * 3600
            watch.heard("b", isForAll: true, at: moment(time))
            #expect(watch.judge("a", silentFor: .seconds(3600), at: moment(time + 59)) != .stalled)
            watch.heard("a", isForAll: true, at: moment(time + 59.5))
            // What one brings and then the other puts neither behind.
            #expect(watch.judge("b", silentFor: .seconds(120), at: moment(time + 120)) != .stalled)
        }
        watch.heard("b", isForAll: true, at: moment(30_000))
        #expect(watch.judge("a", silentFor: .seconds(3600), at: moment(30_060)) == .stalled)
        // What was left is waited for longer, until it brings something.
        #expect(watch.judge("a", silentFor: .seconds(3600), at: moment(30_119)) != .stalled)
        #expect(watch.judge("a", silentFor: .seconds(3600), at: moment(30_120)) == .stalled)
        watch.heard("a", isForAll: true, at: moment(30_130))
        watch.heard("b", isForAll: true, at: moment(30_140))
        #expect(watch.judge("a", silentFor: .seconds(70), at: moment(30_200)) != .stalled)
        watch.heard("b", isForAll: false, at: moment(30_205))
        watch.heard("b", isForAll: true, at: moment(30_210))
        #expect(watch.judge("a", silentFor: .seconds(139), at: moment(30_269)) != .stalled)
        #expect(watch.judge("a", silentFor: .seconds(140), at: moment(30_270)) == .stalled)
    }

    @Test(arguments: [0.1, 30, 59]) func `is not left for another that brings the same a moment later`(delay: Double) {
        let watch = QuietWatch(timeout: .seconds(60))
        for host in ["a", "b"] { watch.begin(host) }
        for round in 0..<20 {
            let time = Double(round) * 1800
            watch.heard(round % 2 == 0 ? "a" : "b", isForAll: true, at: moment(time))
            watch.heard(round % 2 == 0 ? "b" : "a", isForAll: true, at: moment(time + delay))
            for (host, silence) in [("a", 60), ("b", 60), ("a", 1700), ("b", 1700)] {
                #expect(watch.judge(host, silentFor: .seconds(silence), at: moment(time + Double(silence))) != .stalled)
            }
        }
    }

    @Test func `is asked after at once again when the network has been busy for as long as it was patient`() {
        let watch = QuietWatch(timeout: .seconds(60))
        watch.begin("a")
        for patience in [60, 120, 240] {
            #expect(watch.judge("a", silentFor: .seconds(patience - 1), at: moment(0)) != .askAgain)
            #expect(watch.judge("a", silentFor: .seconds(patience), at: moment(0)) == .askAgain)
        }
        // It is 480 seconds now.
        for second in 0..<480 { watch.heard("a", isForAll: true, at: moment(Double(second))) }
        #expect(watch.judge("a", silentFor: .seconds(479), at: moment(1000)) != .askAgain)
        watch.heard("a", isForAll: true, at: moment(480))
        #expect(watch.judge("a", silentFor: .seconds(60), at: moment(1000)) == .askAgain)
    }

    @Test func `is not behind for what another brings that has just joined`() throws {
        let watch = QuietWatch(timeout: .seconds(60))
        for host in ["a.test", "b.test"] { watch.begin(host) }
        watch.heard("a.test", isForAll: true, at: moment(0))
        let url = try Stream.url(.jetstream2, host: "b.test")
        let configuration = StreamConfiguration(
            hosts: [url],
            collections: [try CollectionPattern("sh.tangled.repo.pull")]
        )
        let clock = ManualClock(UnixTime(microseconds: Stream.now))
        let read = StreamPosition(host: "a.test", wire: .jetstream2, value: 5, witnessed: Stream.now)
        let host = try Upstream(StreamSource(url), allowsLoopback: false)
        let log = LogRecorder()
        var reader = StreamReader(
            host: host,
            configuration: configuration,
            resume: ResumePoint(
                host: host.name,
                wire: host.wire,
                known: [StoredPosition(position: read)],
                distrusted: nil,
                now: clock.now(),
                configuration: configuration
            ),
            batchQueue: BatchQueue(),
            session: StreamSession(),
            hosts: HostCoverage(configuration, logger: log.logger),
            quiet: watch,
            clock: clock,
            steady: clock,
            failBackAt: nil,
            logger: log.logger
        )
        // It is asked for what came since a time, which the other one has brought long ago.
        for (second, number, isBehind) in [(3600.0, 0, false), (3661, 2, true)] {
            for message in try Stream.messages(.jetstream2, number..<number + 1) {
                let isTaken = unsafe reader.message(.text, message.span.bytes)
                let goesOn = reader.batchEnded(moment(second))
                #expect(isTaken && goesOn)
            }
            let verdict = watch.judge("a.test", silentFor: .seconds(3600), at: moment(second + 60))
            #expect((verdict == .stalled) == isBehind)
        }
    }
}
