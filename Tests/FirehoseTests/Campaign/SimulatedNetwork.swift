import ATProtocol
import Crypto
import Network
import Synchronization

@testable import Firehose

/// Time that passes only when somebody sleeps or a host works.
final class VirtualTime: WallClock {
    private let start = ContinuousClock.now
    private let elapsed = Mutex(0.0)

    var instant: ContinuousClock.Instant { start.advanced(by: .seconds(elapsed.withLock { $0 })) }
    var microseconds: Int64 { now().microseconds }

    func now() -> UnixTime { UnixTime(seconds: 1_790_000_000 + elapsed.withLock { $0 }) }
    func advance(by seconds: Double) { elapsed.withLock { $0 += seconds } }
}

/// Sleeps by letting virtual time pass.
struct VirtualSleeper: Clock {
    let time: VirtualTime

    var now: ContinuousClock.Instant { time.instant }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let wait = (deadline - now) / .seconds(1)
        if wait > 0 { time.advance(by: wait) }
    }
}

/// What happens on the network, one event after the other.
struct NetworkEvent {
    enum Kind {
        case wanted
        case unwanted
        case identity
    }

    let number: Int
    let time: Int64
    let kind: Kind

    var did: String { "did:web:author\(number % 50).test" }
    var key: String { TID(microseconds: UInt64(time), clock: UInt16(number % 1024)).text }
    var uri: String { "at://\(did)/sh.tangled.repo.pull/\(key)" }
    var collection: String { kind == .wanted ? "sh.tangled.repo.pull" : "app.bsky.feed.like" }

    /// The message of a wire; `time` is when the host saw it.
    func message(_ wire: StreamWire, value: Int64, time: Int64) throws -> [UInt8] {
        switch wire {
        case .jetstream1: try version1(time)
        case .jetstream2: try version2(value, time)
        default: try relay(value, time)
        }
    }

    /// What is told of an account is told again in the same words.
    private var handle: String { "author\(number % 50).test" }
    private var record: JSONValue { ["$type": .string(collection), "number": .integer(Int64(number))] }

    private func version1(_ time: Int64) throws -> [UInt8] {
        let body =
            kind == .identity
            ? #""kind":"identity","identity":{"did":"\#(did)","handle":"\#(handle)"}"#
            : #""kind":"commit","commit":{"rev":"\#(key)","operation":"create","collection":"\#(collection)","rkey":"\#(key)","record":\#(record.encodedText),"cid":"c"}"#
        return Array(#"{"did":"\#(did)","time_us":\#(time),\#(body)}"#.utf8)
    }

    private func version2(_ value: Int64, _ time: Int64) throws -> [UInt8] {
        let head = #""seq":\#(value),"did":"\#(did)","time":"\#(Self.text(time))""#
        let body =
            kind == .identity
            ? #"{"$type":"x#identity",\#(head),"identity":{"did":"\#(did)","handle":"\#(handle)"}}"#
            : #"{"$type":"x#commit",\#(head),"rev":"\#(key)","operation":"create","collection":"\#(collection)","rkey":"\#(key)","cid":"c","record":\#(record.encodedText)}"#
        return Array((#"{"$type":"message","payload":"# + body + "}").utf8)
    }

    private func relay(_ value: Int64, _ time: Int64) throws -> [UInt8] {
        func frame(_ type: String, _ payload: JSONValue) throws -> [UInt8] {
            try JSONValue.object(["op": 1, "t": .string(type)]).dagCBOR() + payload.dagCBOR()
        }
        guard kind != .identity else {
            return try frame(
                "#identity",
                [
                    "seq": .integer(value), "did": .string(did), "handle": .string(handle),
                    "time": .string(Self.text(time)),
                ]
            )
        }
        let block = try record.dagCBOR()
        let cid = CID(of: block)
        let header = try JSONValue.object(["roots": [["$link": .string(cid.text)]], "version": 1]).dagCBOR()
        let archive = [UInt8(header.count)] + header + [UInt8(block.count + CID.length)] + cid.bytes + block
        let operation: JSONValue = [
            "action": "create", "path": .string("\(collection)/\(key)"), "cid": ["$link": .string(cid.text)],
        ]
        return try frame(
            "#commit",
            [
                "seq": .integer(value), "repo": .string(did), "rev": .string(key), "ops": [operation],
                "blocks": ["$bytes": .string(Base64.encode(archive))], "time": .string(Self.text(time)),
                "commit": ["$link": .string(cid.text)],
            ]
        )
    }

    /// RFC 3339 with six digits, of a time in September 2026.
    private static func text(_ time: Int64) -> String {
        // 1 790 000 000 is 2026-09-21T14:13:20Z; the campaign lasts some days of virtual time.
        let seconds = time / 1_000_000 - 1_789_948_800
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = 21 + seconds / 86_400
        let (month, date) = day <= 30 ? (9, day) : day <= 61 ? (10, day - 30) : (11, day - 61)
        let fraction = String(1_000_000 + time % 1_000_000).dropFirst()
        let clock = "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        return "2026-\(two(Int64(month)))-\(two(date))T\(clock).\(fraction)Z"
    }
}
