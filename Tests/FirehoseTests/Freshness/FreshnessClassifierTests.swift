import ATProtocol
import Network
import Testing

@testable import Firehose

@Suite struct `News and what is not` {
    private static let now: Int64 = 1_783_175_888_000_000
    private static let hour: Int64 = 3_600_000_000
    private let did: DID

    init() throws { did = try DID("did:web:a.test") }

    private func tid(_ time: Int64) -> String { TID(microseconds: UInt64(time), clock: 1).text }

    private func event(_ body: StreamEvent.Body, witnessed: Int64 = now) -> StreamEvent {
        StreamEvent(
            position: .init(host: "h", wire: .jetstream2, value: 1, witnessed: witnessed),
            did: did,
            body: body
        )
    }

    private func commit(
        _ operation: StreamEvent.Commit.Operation = .create,
        key: String,
        rev: Int64,
        created: String?,
        witnessed: Int64? = nil
    ) throws -> StreamEvent {
        let record: JSONValue = created.map { ["createdAt": .string($0)] } ?? [:]
        let commit = StreamEvent.Commit(
            operation: operation,
            collection: try NSID("sh.tangled.repo.pull"),
            recordKey: try RecordKey(key),
            rev: tid(rev),
            cid: nil,
            record: record
        )
        return event(.commit(commit), witnessed: witnessed ?? rev)
    }

    /// Key, revision and date in hours before now; `nil` for a key that is no TID, or a record without a date.
    static let cases: [(Double?, Double, String?, Freshness)] = [
        (0, 0, "2026-07-04T14:38:08Z", .fresh), (0, 0, nil, .fresh), (nil, 0, nil, .fresh),
        (nil, 0, "2026-07-04T14:38:08Z", .fresh), (2, 1, "2026-07-04T12:38:08Z", .fresh),
        (0, 0, "not a date", .fresh), (0, 0, "2030-01-01T00:00:00Z", .fresh),
        (72, 72, "2026-07-01T14:38:08Z", .late), (72, 72, nil, .late),
        (72, 0, "2026-07-01T14:38:08Z", .imported), (72, 0, nil, .imported), (72, 0, "2026-07-04T14:38:08Z", .imported),
        (nil, 0, "2020-01-01T00:00:00Z", .imported), (0, 0, "2020-01-01T00:00:00Z", .backdated),
        (-1, 0, nil, .misdated), (0, -1, nil, .misdated),
    ]

    @Test(arguments: cases)
    func `a create is judged by its times`(key: Double?, rev: Double, created: String?, expected: Freshness) throws {
        var classifier = FreshnessClassifier()
        let name = key.map { tid(Self.now - Int64($0 * Double(Self.hour))) } ?? "self"
        let event = try commit(key: name, rev: Self.now - Int64(rev * Double(Self.hour)), created: created)
        #expect(classifier.classify(event, now: UnixTime(microseconds: Self.now)) == expected)
    }

    /// 2022-01-01: the network has no older TID.
    private static let oldest: Int64 = 1_640_995_200_000_000

    /// Keys and revisions, and the times that they tell.
    private static let times: [(String, Int64?)] = [
        (TID(microseconds: UInt64(now), clock: 1).text, now), (TID(microseconds: UInt64(now), clock: 1023).text, now),
        (TID(microseconds: UInt64(oldest), clock: 0).text, oldest),
        (TID(microseconds: UInt64(oldest - 1), clock: 1023).text, nil),
        // It claims to be from the future, which is for the judge to say.
        (TID(microseconds: UInt64(now + 100 * hour), clock: 1).text, now + 100 * hour),
        ("2222222222222", nil), ("zzzzzzzzzzzzz", nil), ("self", nil), ("", nil), ("3jzfcijpj2z2", nil),
        ("3JZFCIJPJ2Z2A", nil), ("3jzfcijpj2z2a2", nil),
    ]

    @Test(arguments: times) func `a key or a revision tells a time where it can be one`(text: String, time: Int64?) {
        #expect(FreshnessClassifier.time(text)?.microseconds == time)
    }

    @Test func `a key that only looks like a time leaves the date to decide`() throws {
        var classifier = FreshnessClassifier()
        let now = UnixTime(microseconds: Self.now)
        for (created, expected) in [(nil, .fresh), ("2020-01-01T00:00:00Z", .imported)] as [(String?, Freshness)] {
            let event = try commit(key: "2222222222222", rev: Self.now, created: created)
            #expect(classifier.classify(event, now: now) == expected)
        }
        // A revision that is none counts as written now.
        let event = try commit(key: "self", rev: 0, created: nil, witnessed: Self.now)
        #expect(classifier.classify(event, now: now) == .fresh)
    }

    @Test func `what no host saw in time, and an old record that is changed, are stale`() throws {
        var classifier = FreshnessClassifier()
        let old = tid(Self.now - 30 * Self.hour)
        let crawled = try commit(key: old, rev: Self.now - 30 * Self.hour, created: nil, witnessed: Self.now)
        #expect(classifier.classify(crawled, now: UnixTime(microseconds: Self.now)) == .stale)
        let changed = try commit(.update, key: old, rev: Self.now, created: nil)
        #expect(classifier.classify(changed, now: UnixTime(microseconds: Self.now)) == .stale)
        let young = try commit(.update, key: tid(Self.now - Self.hour), rev: Self.now, created: nil)
        #expect(classifier.classify(young, now: UnixTime(microseconds: Self.now)) == .fresh)
        let ahead = try commit(key: old, rev: Self.now + Self.hour, created: nil, witnessed: Self.now)
        #expect(classifier.classify(ahead, now: UnixTime(microseconds: Self.now)) == .stale)
        let deleted = try commit(.delete, key: old, rev: Self.now, created: nil)
        #expect(classifier.classify(deleted, now: UnixTime(microseconds: Self.now)) == nil)
    }

    /// Days by which the host's clock, and ours, are wrong.
    @Test(arguments: [(3.0, 0.0), (30, 0), (0, 3), (0, -3), (3, -3)])
    func `one clock that is wrong makes nothing too old`(host: Double, own: Double) throws {
        var classifier = FreshnessClassifier()
        func time(_ days: Double) -> Int64 { Self.now + Int64(days * 24) * Self.hour }
        let event = try commit(key: tid(Self.now), rev: Self.now, created: nil, witnessed: time(host))
        let freshness = classifier.classify(event, now: UnixTime(microseconds: time(own)))
        #expect([.fresh, .late, .misdated].contains(freshness), "\(String(describing: freshness))")
    }

    @Test func `old records behind a sync of the same revision are a resync, a young one is news`() throws {
        var classifier = FreshnessClassifier()
        #expect(classifier.classify(event(.sync(rev: tid(Self.now))), now: UnixTime(microseconds: Self.now)) == nil)
        let old = try commit(key: tid(Self.now - 100 * Self.hour), rev: Self.now, created: nil)
        #expect(classifier.classify(old, now: UnixTime(microseconds: Self.now)) == .resync)
        let young = try commit(key: tid(Self.now - Self.hour), rev: Self.now, created: nil)
        #expect(classifier.classify(young, now: UnixTime(microseconds: Self.now)) == .fresh)
        let later = try commit(key: tid(Self.now - 100 * Self.hour), rev: Self.now + 1000, created: nil)
        #expect(classifier.classify(later, now: UnixTime(microseconds: Self.now)) == .imported)
    }

    @Test func `what is remembered of syncs is bounded`() throws {
        var classifier = FreshnessClassifier()
        for number in 0..<10_000 {
            let event = StreamEvent(
                position: .init(host: "h", wire: .jetstream2, value: 1, witnessed: 1),
                did: try DID("did:web:n\(number).test"),
                body: .sync(rev: tid(Self.now))
            )
            #expect(classifier.classify(event, now: UnixTime(microseconds: Self.now)) == nil)
        }
    }
}
