import ATProtocol
import Network
import Testing

@testable import Firehose

@Suite struct `The comparison of hosts` {
    private let first: Upstream
    private let second: Upstream
    private let did: DID

    init() throws {
        first = try Upstream(StreamSource(WebURL("wss://a.test/")), allowsLoopback: false)
        second = try Upstream(StreamSource(WebURL("wss://b.test/subscribe")), allowsLoopback: false)
        did = try DID("did:web:author.test")
    }

    /// An event at a second, as a host saw it.
    private func event(_ number: Int, at second: Int64) throws -> StreamEvent {
        let key = TID(microseconds: UInt64(1_790_000_000_000_000 + Int64(number)), clock: 0).text
        return StreamEvent(
            position: StreamPosition(host: "h", wire: .jetstream2, value: 1, witnessed: second),
            did: did,
            body: .commit(
                StreamEvent.Commit(
                    operation: .create,
                    collection: try NSID("sh.tangled.repo.pull"),
                    recordKey: try RecordKey(key),
                    rev: key,
                    cid: "c",
                    record: nil
                )
            )
        )
    }

    private func both(window: Int64 = 10) -> MissDetector {
        var detector = MissDetector(window: window)
        for host in [first, second] {
            detector.opened(host, isCompressed: false)
            detector.begin(host, at: 0)
        }
        return detector
    }

    @Test func `a host that has shown later events has missed what it did not show`() throws {
        var detector = both()
        let event = try event(1, at: 20)
        _ = detector.receive([event], from: first, until: 20)
        #expect(detector.receive([], from: second, until: 29).misses.isEmpty, "it may still come")
        let misses = detector.receive([], from: second, until: 30).misses
        #expect(misses.map(\.host) == [second] && misses.map(\.source) == [first])
        #expect(misses.first?.uri == event.recordURI?.text)
        #expect(detector.receive([], from: second, until: 40).misses.isEmpty, "it is counted once")
        #expect(detector.receive([event], from: second, until: 41).late == 1)
        #expect(detector.accounts[second]?.missed == 1 && detector.accounts[second]?.late == 1)
        #expect(detector.receive([], from: first, until: 50).misses.isEmpty)
    }

    @Test func `an event that both bring is no miss, in whatever order and however often`() throws {
        var detector = both()
        let event = try event(1, at: 20)
        for host in [first, second, second, first] {
            #expect(detector.receive([event], from: host, until: 25) == MissDetector.Findings())
        }
        for host in [first, second] { #expect(detector.receive([], from: host, until: 1000).misses.isEmpty) }
    }

    @Test func `a host that is down, behind or not proven to go on is not blamed`() throws {
        var detector = both()
        detector.ended(second)
        for number in 0..<5 { _ = detector.receive([try event(number, at: 20)], from: first, until: 20) }
        // It comes back and reads from where it was: nothing is judged before it has shown what is later.
        detector.opened(second, isCompressed: false)
        #expect(detector.receive([], from: second, until: nil).misses.isEmpty)
        detector.resume(second, at: 15)
        #expect(detector.receive([], from: second, until: 15).misses.isEmpty)
        let events = try (0..<5).map { try event($0, at: 20) }
        #expect(detector.receive(events, from: second, until: 100) == MissDetector.Findings())
        // After a gap a new stretch begins, and what lies before it is nobody's fault.
        _ = detector.receive([try event(9, at: 110)], from: first, until: 110)
        detector.begin(second, at: 115)
        #expect(detector.receive([], from: second, until: 500).misses.isEmpty)
    }

    @Test func `a host whose time was ahead and has come back is judged, and judges, as before`() throws {
        var detector = both()
        let ahead: Int64 = 86_400_000_000
        _ = detector.receive([try event(1, at: ahead)], from: first, until: ahead)
        _ = detector.receive([], from: first, until: 20)
        #expect(detector.accounts[first]?.stretch == MissDetector.Stretch(since: 0, until: 20))
        _ = detector.receive([try event(2, at: 30)], from: first, until: 30)
        #expect(detector.receive([], from: second, until: 60).misses.count == 2)
    }

    @Test func `old records that only one wire tells again are not compared`() throws {
        var detector = both()
        var event = try event(1, at: 20)
        guard case .commit(var commit) = event.body else { return }
        commit.rev = TID(microseconds: 1_790_900_000_000_000, clock: 0).text
        event.body = .commit(commit)
        _ = detector.receive([event], from: first, until: 20)
        #expect(detector.receive([], from: second, until: 100).misses.isEmpty)
    }

    @Test func `the memory is bounded, and what fell out of it is not judged again`() throws {
        var detector = both()
        let count = MissDetector.capacity + 100
        for number in 0..<count {
            let event = try event(number, at: Int64(20 + number))
            _ = detector.receive([event], from: first, until: event.position.witnessed)
            _ = detector.receive([event], from: second, until: nil)
        }
        // An event that both brought long ago comes again by a host that has rewound.
        _ = detector.receive([try event(3, at: 23)], from: first, until: nil)
        let end = Int64(count + 100)
        #expect(detector.receive([], from: second, until: end).misses.isEmpty)
        #expect(detector.receive([], from: first, until: end).misses.isEmpty)
    }
}
