import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose
@testable import LedgerStorage
@testable import Notifier

/// What was written before anybody waited for it is no news, however early a host begins or a sweep looks.
@Suite struct `Since when rules wait for records` {
    private static let now = UnixTime(seconds: 1_790_000_000)
    private let directory: TemporaryDirectory
    private let ledger: Ledger

    init() async throws {
        directory = try TemporaryDirectory()
        ledger = try await Ledger.open(directory: directory.path, access: .daemon)
    }

    private func follow(_ rules: [Rule], at now: UnixTime = Self.now) async throws -> FollowedCollections {
        try await ledger.stream.follow(rules, margin: .seconds(60), now: now)
    }

    private func read(upTo time: UnixTime) async throws {
        let position = StreamPosition(host: "h", wire: .jetstream2, value: 5, witnessed: time.microseconds)
        let batch = StreamBatch(position: StoredPosition(position: position))
        _ = try await ledger.queue(Timetable()).store(batch, [], now: time)
    }

    private func beginnings(_ followed: FollowedCollections) -> [UnixTime] { followed.beginnings.values.sorted() }

    @Test func `a first start waits for what is written a moment before it`() async throws {
        let followed = try await follow([try World.rule()])
        #expect(beginnings(followed) == [Self.now - .seconds(60)])
        #expect(try await follow([try World.rule()], at: Self.now + .seconds(500)) == followed)
    }

    @Test func `a request that is older is refused with both times, one that is younger is not`() async throws {
        let rule = try World.rule()
        var classifier = EventClassifier(
            NotifierConfiguration(rules: [rule]),
            sender: nil,
            followed: try await follow([rule])
        )
        for (age, reason) in [(Duration.seconds(3000), Reason?.some(.recordBeforeRule)), (.seconds(30), nil)] {
            let event = try World.event(1, at: ManualClock(Self.now - age))
            guard case .request(let request) = classifier.classify(event, now: Self.now) else {
                Issue.record("no request")
                continue
            }
            #expect(request.refusal?.reason == reason)
            #expect(request.refusal.map { $0.detail.contains("a rule for such records began at") } ?? true)
        }
    }

    @Test
    func `a rule that is new waits from where the stream goes on, and one of a ledger of the version before for ever`()
        async throws
    {
        try await read(upTo: Self.now)
        let (old, new) = (try World.rule(), try World.rule(name: "others", collections: ["com.example.other"]))
        #expect(beginnings(try await follow([old])) == [UnixTime(microseconds: 0)])
        try await read(upTo: Self.now + .seconds(700))
        let followed = try await follow([old, new], at: Self.now + .seconds(4000))
        #expect(beginnings(followed) == [UnixTime(microseconds: 0), Self.now + .seconds(700)])
        // What is taken out waits for nothing, and begins anew.
        try await read(upTo: Self.now + .seconds(5000))
        _ = try await follow([old], at: Self.now + .seconds(6000))
        let again = try await follow([old, new], at: Self.now + .seconds(6000))
        #expect(beginnings(again).last == Self.now + .seconds(5000))
    }

    @Test func `a rule that is renamed has waited as long as under its old name`() async throws {
        let first = try await follow([try World.rule()])
        try await read(upTo: Self.now + .seconds(700))
        let followed = try await follow([try World.rule(name: "renamed")], at: Self.now + .seconds(800))
        #expect(beginnings(followed) == beginnings(first))
    }

    @Test func `what a clock that was ahead has dated is corrected by the stream, in the ledger too`() async throws {
        let ahead = Self.now + .seconds(3 * 86_400)
        var followed = try await follow([try World.rule()], at: ahead)
        let early = Self.now - .seconds(200)
        let (isLowered, isLoweredAgain) = (
            followed.lower(to: early, from: Self.now), followed.lower(to: early, from: Self.now)
        )
        #expect(isLowered && !isLoweredAgain && beginnings(followed) == [early])
        let beginning = (time: early, latest: Self.now)
        _ = try await ledger.queue(Timetable()).store(StreamBatch(), [], beginning: beginning, now: Self.now)
        let stored = try await follow([try World.rule()], at: ahead)
        #expect(beginnings(stored) == [early])
    }

    @Test func `what a clock that was ahead has refused is looked at anew, and what is too old indeed is not`()
        async throws
    {
        let clock = ManualClock(Self.now + .seconds(3600))
        let configuration = try World.configuration()
        let context = DeliveryContext.silent(configuration, http: ScriptedClient.world(), wallClock: clock)
        let followed = try await follow(configuration.rules, at: clock.now())
        let intake = Intake(context, queue: ledger.queue(Timetable()), bursts: [:], followed: followed) { _ in }
        func take(_ number: Int, at second: Int) async throws -> ATURI {
            let event = try World.event(number, at: ManualClock(Self.now + .seconds(second)))
            _ = try await intake.take(World.batch(event))
            return try #require(event.recordURI)
        }
        // A host begins early, and then tells what is written.
        let (old, young) = (try await take(1, at: -3000), try await take(2, at: 30))
        #expect(try await Set(ledger.desk.jobs(for: .recordBeforeRule).map(\.uri)) == [old, young])
        // The stream has told for two minutes what time it is.
        clock.advance(.seconds(130))
        let live = try await take(3, at: 130)
        #expect(try await ledger.desk.jobs(for: .recordBeforeRule).map(\.uri) == [old])
        #expect(try await Set(ledger.desk.jobs(in: .lookup).map(\.uri)) == [young, live])
        let history = try await ledger.desk.history(of: young)
        #expect(history.attempts.contains { $0.outcome == "looked at anew" })
    }

    @Test func `what is refused as too old says by which clocks, and an operator has it told`() async throws {
        let configuration = try World.configuration()
        let clock = ManualClock(Self.now + .seconds(3 * 86_400))
        let context = DeliveryContext.silent(configuration, http: ScriptedClient.world(), wallClock: clock)
        let intake = Intake(context, queue: ledger.queue(Timetable()), bursts: [:]) { _ in }
        // The host's clock is as wrong as ours.
        var event = try World.event(1, at: ManualClock(Self.now))
        let position = StreamPosition(
            host: event.position.host,
            wire: event.position.wire,
            value: 1,
            witnessed: clock.now().microseconds
        )
        event = StreamEvent(position: position, did: event.did, body: event.body)
        _ = try await intake.take(World.batch(event))
        let job = try #require(try await ledger.desk.jobs(for: .tooOld).first)
        #expect(job.detail == "the host saw it at \(clock.now()), and this machine's clock said \(clock.now())")
        #expect(Reason.tooOld.sentence.contains("jobs retry"))
        let jobs = try await ledger.desk.carryOut(.retry, about: job.uri, now: clock.now())
        #expect(jobs.map(\.state) == [.lookup])
    }

    @Test func `a host that goes on in the past corrects nothing`() async throws {
        var followed = try await follow([try World.rule()])
        let isLowered = followed.lower(to: Self.now - .seconds(9000), from: Self.now)
        #expect(!isLowered && beginnings(followed) == [Self.now - .seconds(60)])
    }

    @Test func `a rule that wants more waits anew for that alone, one that wants less as long as before`() async throws
    {
        let (one, all) = (["com.example.change.request"], ["com.example.change.*"])
        try await read(upTo: Self.now)
        _ = try await follow([try World.rule(collections: one)])
        try await read(upTo: Self.now + .seconds(700))
        let wide = try World.rule(collections: all)
        let followed = try await follow([wide], at: Self.now + .seconds(800))
        #expect(followed.beginning([wide], try NSID(one[0])) == UnixTime(microseconds: 0))
        #expect(followed.beginning([wide], try NSID("com.example.change.other")) == Self.now + .seconds(700))
        let narrow = try World.rule(collections: one)
        let again = try await follow([narrow], at: Self.now + .seconds(900))
        #expect(again.beginning([narrow], try NSID(one[0])) == UnixTime(microseconds: 0))
    }

    @Test func `a rule that is put before another tells what the other has waited for`() async throws {
        try await read(upTo: Self.now)
        let old = try World.rule()
        _ = try await follow([old])
        try await read(upTo: Self.now + .seconds(7000))
        let rules = [try World.rule(name: "first"), old]
        let followed = try await follow(rules, at: Self.now + .seconds(7000))
        var classifier = EventClassifier(NotifierConfiguration(rules: rules), sender: nil, followed: followed)
        let event = try World.event(1, at: ManualClock(Self.now + .seconds(100)))
        guard case .request(let request) = classifier.classify(event, now: Self.now + .seconds(7000)) else {
            Issue.record("no request")
            return
        }
        #expect(request.rule == "first" && request.refusal == nil)
    }
}
