import ATProtocol
import Network
import Sandbox
import Synchronization
import TestSupport

@testable import Firehose

/// A network and hosts that carry it, with faults drawn from a seed: the other side of a stream, without sockets.
final class SimulatedHosts: StreamTransport {
    /// What can go wrong; most of it was seen of real servers (docs/gotchas.md).
    enum Fault: CaseIterable {
        case lostConnection
        case normalClose
        case goingAway
        case consumerTooSlow
        case zombie
        case refusedBusy
        case refusedOften
        case brokenBody
        case tornMessage
        case garbage
        case duplicates
        case silentClamp
        case futureCursor
        case forgottenPositions
        case reissuedPositions
        case killed
    }

    private struct Host {
        let wire: StreamWire
        var base: Int64
        /// Events below are not kept any more.
        var floor = 0
        let skew: Int64
    }

    private struct State {
        var generator: SeededGenerator
        var events: [NetworkEvent] = []
        var hosts: [String: Host] = [:]
        var faults: [Fault: Int] = [:]
        var messages = 0
    }

    let time: VirtualTime
    private let target: Int
    private let state: Mutex<State>

    init(seed: UInt64, faults: Int, time: VirtualTime) {
        self.time = time
        target = faults
        var generator = SeededGenerator(seed: seed)
        var hosts: [String: Host] = [:]
        for (name, wire) in [("a.test", StreamWire.jetstream2), ("b.test", .jetstream1), ("c.test", .relay)] {
            hosts[name] = Host(
                wire: wire,
                base: Int64.random(in: 1_000_000...9_000_000, using: &generator),
                skew: Int64.random(in: -500_000...500_000, using: &generator)
            )
        }
        state = Mutex(State(generator: generator, hosts: hosts))
    }

    static let urls = [
        "wss://a.test/xrpc/network.bsky.jetstream.subscribeEvents", "wss://b.test/subscribe",
        "wss://c.test/xrpc/com.atproto.sync.subscribeRepos",
    ]

    /// The records that were written, by AT-URI, with their times.
    var written: [String: Int64] {
        state.withLock { state in
            Dictionary(uniqueKeysWithValues: state.events.filter { $0.kind == .wanted }.map { ($0.uri, $0.time) })
        }
    }

    var faultCounts: [Fault: Int] { state.withLock { $0.faults } }
    var messages: Int { state.withLock { $0.messages } }
    var isCalm: Bool { state.withLock { $0.faults.values.reduce(0, +) >= target } }

    func run(_ request: StreamRequest, _ reader: consuming sending StreamReader) async -> StreamTransportEnd {
        passTime(0.1)
        var fault = draw()
        if let refusal = refusal(fault) { return refusal }
        guard let start = begin(request, &fault) else { return count(.forgottenPositions, Self.tooOld) }
        var next = start
        var steps = state.withLock { Int.random(in: 3...40, using: &$0.generator) }
        let calmUntil = time.now() + .seconds(120)
        let deadline = time.now() + .seconds(3600)
        while true {
            passTime(state.withLock { Double.random(in: 0.1...2, using: &$0.generator) })
            if fault != .zombie || steps > 0 {
                guard deliver(request.url.host, &next, to: &reader, steps: steps, fault) else {
                    return .closed(code: 1000, reason: "")
                }
            }
            guard reader.batchEnded(time.instant) else {
                if fault == .zombie { record(.zombie) }
                return .closed(code: 1000, reason: "")
            }
            steps -= 1
            guard time.now() < deadline else { return .cancelled }
            if isCalm, time.now() > calmUntil { return .cancelled }
            guard let fault, steps <= 0, fault != .zombie else { continue }
            return end(fault, &reader)
        }
    }

    // MARK: Beginning

    private static let tooOld = StreamTransportEnd.refused(
        status: 400,
        error: "CursorTooOld",
        message: "below the floor",
        retryAfter: nil
    )

    private func draw() -> Fault? {
        guard !isCalm else { return nil }
        return state.withLock { Fault.allCases.randomElement(using: &$0.generator) }
    }

    private func refusal(_ fault: Fault?) -> StreamTransportEnd? {
        switch fault {
        case .refusedBusy:
            count(
                .refusedBusy,
                .refused(status: 503, error: "ServiceUnavailable", message: "warming up", retryAfter: nil)
            )
        case .refusedOften:
            count(.refusedOften, .refused(status: 429, error: nil, message: "slow down", retryAfter: 3))
        case .brokenBody:
            count(.brokenBody, .refused(status: 502, error: nil, message: "<html>", retryAfter: nil))
        default: nil
        }
    }

    /// The index of the first event that is sent; nil when the host refuses the position.
    private func begin(_ request: StreamRequest, _ fault: inout Fault?) -> Int? {
        let drawn = fault
        let (start, used) = state.withLock { state -> (Int?, Fault?) in
            guard var host = state.hosts[request.url.host] else { return (nil, nil) }
            defer { state.hosts[request.url.host] = host }
            let tip = state.events.count
            var used: Fault?
            if drawn == .forgottenPositions {
                host.floor = max(host.floor, tip - Int.random(in: 0...30, using: &state.generator))
                used = drawn
            } else if drawn == .reissuedPositions || drawn == .futureCursor {
                // A restored host counts from somewhere else; one whose tip lies behind the cursor goes live silently.
                let step = Int64.random(in: 1...400, using: &state.generator)
                if host.wire != .jetstream1 {
                    host.base +=
                        drawn == .futureCursor
                        ? -step - Int64(tip) : (Bool.random(using: &state.generator) ? step : -step)
                    used = drawn
                }
            }
            var start = tip
            if let cursor = Self.cursor(request) {
                if cursor >= 1_000_000_000_000_000 {
                    start = state.events.firstIndex { $0.time + host.skew >= cursor } ?? tip
                } else {
                    let index = Int(cursor - host.base)
                    start = min(tip, max(0, host.wire == .relay ? index + 1 : index))
                    if host.wire == .jetstream2, index < host.floor { return (nil, used) }
                    if index > tip { start = tip }
                }
            }
            start = max(start, host.floor)
            if drawn == .silentClamp, host.wire != .jetstream2 {
                start = max(start, tip - Int.random(in: 0...20, using: &state.generator))
                used = drawn
            }
            return (start, used)
        }
        if let used { record(used) }
        if [.silentClamp, .futureCursor, .reissuedPositions, .forgottenPositions].contains(drawn) {
            fault = .lostConnection
        }
        return start
    }

    private static func cursor(_ request: StreamRequest) -> Int64? {
        request.url.value(of: "cursor").flatMap { Int64($0) }
    }

    // MARK: The stream

    private func passTime(_ seconds: Double) {
        time.advance(by: seconds)
        let now = time.microseconds
        state.withLock { state in
            var last = state.events.last?.time ?? now - 1_000_000
            while true {
                last += Int64.random(in: 200_000...1_800_000, using: &state.generator)
                guard last <= now else { return }
                let kinds: [NetworkEvent.Kind] = [.wanted, .unwanted, .unwanted, .identity, .identity]
                let kind = kinds.randomElement(using: &state.generator) ?? .wanted
                state.events.append(NetworkEvent(number: state.events.count, time: last, kind: kind))
            }
        }
    }

    private func deliver(
        _ name: String,
        _ next: inout Int,
        to reader: inout StreamReader,
        steps: Int,
        _ fault: Fault?
    ) -> Bool {
        let (host, events) = state.withLock {
            ($0.hosts[name], Array($0.events[min(next, $0.events.count)...].prefix(200)))
        }
        guard let host else { return false }
        for event in events {
            let value = host.base + Int64(next)
            guard let bytes = try? event.message(host.wire, value: value, time: event.time + host.skew) else {
                return false
            }
            next += 1
            state.withLock { $0.messages += 1 }
            guard Self.give(bytes, host.wire, &reader) else { return false }
            if steps == 1, fault == .duplicates {
                record(.duplicates)
                guard Self.give(bytes, host.wire, &reader) else { return false }
            }
        }
        if steps == 1, fault == .garbage || fault == .tornMessage {
            let bytes = fault == .garbage ? [0xFF, 0x00, 0x7B] : Array(#"{"did":"did:web:a.test","time_us":1"#.utf8)
            guard Self.give(bytes, host.wire, &reader) else { return false }
        }
        return true
    }

    private static func give(_ bytes: [UInt8], _ wire: StreamWire, _ reader: inout StreamReader) -> Bool {
        unsafe reader.message(wire == .relay ? .binary : .text, bytes.span.bytes)
    }

    // MARK: Ending

    private func end(_ fault: Fault, _ reader: inout StreamReader) -> StreamTransportEnd {
        switch fault {
        case .normalClose: return count(fault, .closed(code: 1000, reason: ""))
        case .goingAway: return count(fault, .closed(code: 1001, reason: "server shutting down"))
        case .consumerTooSlow:
            let text = #"{"$type":"error","error":"ConsumerTooSlow","message":"m"}"#
            _ = Self.give(Array(text.utf8), .jetstream2, &reader)
            return count(fault, .lost(code: "connection-lost", detail: ""))
        case .killed: return count(fault, .cancelled)
        case .duplicates: return .lost(code: "connection-lost", detail: "")
        default: return count(fault, .lost(code: "connection-lost", detail: ""))
        }
    }

    private func record(_ fault: Fault) { state.withLock { $0.faults[fault, default: 0] += 1 } }

    private func count(_ fault: Fault, _ end: StreamTransportEnd) -> StreamTransportEnd {
        record(fault)
        return end
    }
}
