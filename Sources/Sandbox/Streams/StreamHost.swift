public import ATProtocol
internal import Crypto
public import Network
internal import Synchronization

/// A stream server: Jetstream v2 and v1 by path, with its own sequence numbers and its own faults.
///
/// Two hosts of one network carry the same events under different numbers, as two real hosts do.
public final class StreamHost: Sendable {
    private struct State {
        var subscribers: [Int: StreamSubscriber] = [:]
        var number = 0
        var manner = StreamSubscriber.Manner()
        /// Kinds of events that are lost.
        var deafTo: Set<String> = []
        /// What is not taken in yet, of a host that lags; nil of one that does not.
        var backlog: [(did: DID, content: LoggedEvent.Content)]?
        /// How long before the time that a cursor names reading begins.
        var earliness = Duration.zero
        /// Who wrote to which collection, as far as the index of the host has come.
        var index: [String: Set<String>] = [:]
        var isIndexing = true
        var tellsCursors = false
        var compresses = false
        /// What a client has to show; nil when anybody is served.
        var key: String?
        var isWarmingUp = false
    }

    private let server: LoopbackServer
    private let log: EventLog
    private let clock: SandboxClock
    private let state = Mutex(State())

    init(server: LoopbackServer, firstSequence: Int64, clock: SandboxClock) {
        self.server = server
        self.clock = clock
        log = EventLog(first: firstSequence, clock: clock)
    }

    /// `ws://127.0.0.1:port/…` of a wire.
    public func url(_ wire: SandboxWire) -> WebURL { origin.with(path: wire.rawValue) }

    /// `ws://127.0.0.1:port/`.
    public var origin: WebURL {
        (try? WebURL("ws://\(server.url.authority)/")) ?? server.url
    }

    /// `http://127.0.0.1:port/`, where its index of who writes to a collection is.
    public var directory: WebURL { server.url }

    /// Number of the next event.
    public var nextSequence: Int64 { log.next }

    /// Number of the oldest event that is kept.
    public var firstSequence: Int64 { log.floor }

    /// Every event that is kept, as it stands on a wire; those that the wire does not carry are left out.
    public func messages(on wire: SandboxWire) -> [[UInt8]] {
        let form = state.withLock(\.manner.form)
        return (log.events(from: log.floor, limit: .max) ?? []).compactMap { $0.message(on: wire, form) }
    }

    /// Clients that are connected.
    public var subscriberCount: Int { state.withLock(\.subscribers.count) }

    /// Does something to every client that is connected now.
    public func inflict(_ fault: StreamFault) {
        for subscriber in state.withLock({ Array($0.subscribers.values) }) { subscriber.order(fault) }
    }

    /// Puts messages into frames in another way from now on.
    public func use(_ framing: Framing) { state.withLock { $0.manner.framing = framing } }

    /// Leaves out what a message need not have: of v1 the number of v2, which older hosts do not know, and the handle of an
    /// identity.
    public func beTerse(_ isTerse: Bool = true) { state.withLock { $0.manner.form.isTerse = isTerse } }

    /// Shows commits on the Jetstream wires as so much older than their arrival: their times were imported by the operator.
    public func importTimes(olderBy age: Duration) {
        state.withLock { $0.manner.form.age = UInt64(max(0, age / .microseconds(1))) }
    }

    /// Sends so many of the last events again to each client that has caught up, where replay and live meet.
    public func repeatAtCutOver(_ count: Int) { state.withLock { $0.manner.repeatsAtCutOver = count } }

    /// Refuses everybody who comes, as a host that has just started, until it is told that it is ready.
    public func warmUp(_ isWarmingUp: Bool) { state.withLock { $0.isWarmingUp = isWarmingUp } }

    /// Lets the relay wire tell of cursors that are too old or in the future, as the specification has it and the public
    /// hosts have not.
    public func tellAboutCursors(_ tells: Bool) { state.withLock { $0.tellsCursors = tells } }

    /// Agrees to permessage-deflate from now on, on the wire that the public servers agree to it on: Jetstream v1.
    public func compress(_ compresses: Bool = true) { state.withLock { $0.compresses = compresses } }

    /// Serves only who shows this key from now on; nil for everybody.
    public func demand(key: String?) { state.withLock { $0.key = key } }

    /// Shortens the retention: older positions answer `CursorTooOld` on v2 and are clamped in silence on v1.
    public func forget(allBut count: Int) { log.forget(allBut: count) }

    /// Keeps only events that are younger than this by the network's time, as a host does with its window.
    public func forget(olderThan age: Duration) { log.forget(olderThan: UInt64(max(0, age / .microseconds(1)))) }

    /// Gives all events other numbers, as after a restore; clients are dropped.
    public func renumber(from first: Int64) {
        inflict(.drop)
        log.renumber(from: first)
    }

    /// Loses the newest events in a crash, and takes them in again behind what happens meanwhile, which gets their numbers;
    /// clients are dropped.
    public func crash(losing count: Int, _ meanwhile: () throws -> Void) rethrows {
        inflict(.drop)
        let lost = log.lose(newest: count)
        try meanwhile()
        log.append(lost.map { ($0.did, $0.content) })
    }

    /// Loses events of these kinds until ``hear()``: a hole that nothing announces, on a host that else seems alive.
    public func turnDeaf(to kinds: Set<String> = ["commit", "identity", "account", "sync"]) {
        state.withLock { $0.deafTo = kinds }
    }

    /// Ends ``turnDeaf(to:)``.
    public func hear() { state.withLock { $0.deafTo = [] } }

    /// Takes nothing in until ``catchUp()``, while those who are connected are served: what comes then bears the time of then.
    public func lag() { state.withLock { $0.backlog = $0.backlog ?? [] } }

    /// Takes in what ``lag()`` has left, all of it in one moment.
    public func catchUp() {
        let backlog = state.withLock { $0.backlog.take() ?? [] }
        log.append(backlog)
    }

    /// Begins so long before the time that a cursor names, without a word: at the start of the segment that is being written.
    public func beginEarly(by span: Duration) { state.withLock { $0.earliness = span } }

    /// Lets the index of who writes to a collection stand still, or go on: what was written meanwhile is a hole in it.
    public func index(_ isIndexing: Bool) { state.withLock { $0.isIndexing = isIndexing } }

    /// Fills the holes of the index.
    public func mendIndex() {
        state.withLock { state in
            state.isIndexing = true
            for event in log.all {
                event.collection.map { _ = state.index[$0, default: []].insert(event.did.text) }
            }
        }
    }

    /// Leaves out that many sequence numbers.
    public func skipSequences(_ count: Int64, before did: DID, handle: Handle) {
        log.append([(did, .identity(handle: handle.text))], skipping: count)
    }

    /// Takes in what happens at one moment.
    func append(_ events: [(did: DID, content: LoggedEvent.Content)]) {
        let taken = state.withLock { state in
            let heard = events.filter { !state.deafTo.contains($0.content.kind) }
            for case (let did, .commit(let commit)) in heard where state.isIndexing {
                commit.uri.collection.map { _ = state.index[$0.text, default: []].insert(did.text) }
            }
            state.backlog?.append(contentsOf: heard)
            return state.backlog == nil ? heard : []
        }
        log.append(taken)
    }

    /// Who writes to a collection (com.atproto.sync.listReposByCollection): an unknown one has nobody.
    private func listRepositories(_ request: IncomingRequest) -> HTTPResponse {
        let cursor = request.parameter("cursor") ?? ""
        let limit = min(max(request.parameter("limit").flatMap { Int($0) } ?? 500, 1), 10_000)
        let all = state.withLock { $0.index[request.parameter("collection") ?? ""] ?? [] }.sorted()
        let page = all.filter { $0 > cursor }.prefix(limit)
        var members: [String: JSONValue] = ["repos": .array(page.map { ["did": .string($0)] })]
        // A page that is full has a cursor, also when it is the last.
        if page.count == limit { members["cursor"] = page.last.map(JSONValue.string) }
        return .json(.object(members))
    }

    func answer(_ request: IncomingRequest) throws(ResponseError) -> Reply {
        guard let wire = SandboxWire(rawValue: request.path) else {
            guard request.xrpcMethod == "com.atproto.sync.listReposByCollection" else {
                throw ResponseError(.text("404 page not found", status: 404))
            }
            return .response(listRepositories(request))
        }
        let shown = request.headers["Authorization"]
        if let key = state.withLock(\.key), shown != "Bearer \(key)" {
            // It quotes what it was shown, as careless servers do.
            throw .failure(401, "AuthenticationRequired", "not a key of ours: \(shown ?? "none")")
        }
        return switch wire {
        case .jetstream2: try jetstream2(request)
        case .jetstream1: try jetstream1(request)
        case .relay: try relay(request)
        }
    }

    // MARK: Handshakes

    private func begin(_ cursor: Int64) -> UInt64 {
        UInt64(max(0, cursor - state.withLock(\.earliness).microseconds))
    }

    private func jetstream2(_ request: IncomingRequest) throws(ResponseError) -> Reply {
        let filter = try StreamFilter(jetstream2: request)
        guard !state.withLock(\.isWarmingUp) else { throw .failure(503, "ServiceUnavailable", Self.notReady) }
        var position = log.next
        var note: JSONValue?
        if let text = request.parameter("cursor") {
            guard let cursor = Int64(text), cursor >= 0 else {
                throw .invalid("subscribe: invalid cursor: \"\(text)\"")
            }
            if cursor >= Self.firstTime {
                position = log.position(at: begin(cursor))
                if let oldest = log.oldest, UInt64(cursor) < oldest, log.floor > 1 { note = Self.outdated(log.floor) }
            } else if cursor < log.floor {
                let reason = "cursor \(cursor) below lookback floor \(log.floor); re-backfill from your last seq"
                throw .failure(400, "CursorTooOld", "subscribe: cursor too old: \(reason)")
            } else {
                position = min(cursor, log.next)
            }
        }
        return try upgrade(request, .jetstream2, from: position, filter, .init(first: note?.encoded))
    }

    private func jetstream1(_ request: IncomingRequest) throws(ResponseError) -> Reply {
        let filter = try StreamFilter(jetstream1: request)
        guard !state.withLock(\.isWarmingUp) else { throw ResponseError(.text(Self.notReady, status: 503)) }
        var position = log.next
        if let cursor = request.parameter("cursor").flatMap({ Int64($0) }) {
            let wanted = cursor >= Self.firstTime ? log.position(at: begin(cursor)) : cursor
            position = min(max(wanted, log.floor), log.next)
        }
        let waits = request.parameter("requireHello") == "true"
        return try upgrade(request, .jetstream1, from: position, filter, .init(waitsForOptions: waits))
    }

    /// A relay's cursor in the habit of the public hosts: inclusive, silent about the past and the future, of which the first
    /// event is never sent, or as the specification has it.
    private func relay(_ request: IncomingRequest) throws(ResponseError) -> Reply {
        guard !state.withLock(\.isWarmingUp) else { throw ResponseError(.text(Self.notReady, status: 503)) }
        var position = log.next
        var opening = StreamSubscriber.Opening()
        if let text = request.parameter("cursor") {
            guard let cursor = Int64(text), cursor >= 0 else {
                throw ResponseError(.text("cursor parameter invalid", status: 400))
            }
            let isStrict = state.withLock(\.tellsCursors)
            if isStrict, cursor > log.next {
                opening.first = RelayMessage.error("FutureCursor", "Cursor in the future.")
                opening.ends = true
            } else if isStrict, cursor < log.floor, cursor > 0 {
                let words = "Requested cursor exceeded limit. Possibly missing events"
                opening.first = RelayMessage.info("OutdatedCursor", words)
            }
            position = cursor > log.next ? log.next + 1 : max(cursor, log.floor)
        }
        return try upgrade(request, .relay, from: position, StreamFilter(), opening)
    }

    private func upgrade(
        _ request: IncomingRequest,
        _ wire: SandboxWire,
        from position: Int64,
        _ filter: StreamFilter,
        _ opening: StreamSubscriber.Opening
    ) throws(ResponseError) -> Reply {
        guard request.method == "GET", request.headers["Upgrade"]?.lowercased() == "websocket",
            request.headers["Connection"]?.lowercased().contains("upgrade") == true
        else { throw ResponseError(.text("WebSocket protocol violation: no upgrade", status: 426)) }
        guard request.headers["Sec-WebSocket-Version"] == "13", let key = request.headers["Sec-WebSocket-Key"],
            Base64.decode(key)?.count == 16
        else { throw ResponseError(.text("WebSocket protocol violation: version or key", status: 400)) }
        let accept = Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        var headers: HTTPHeaders = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": Base64.encode(accept),
        ]
        let offered = request.headers.values(of: "Sec-WebSocket-Protocol").joined(separator: ",")
        if wire == .jetstream2,
            offered.split(separator: ",").contains(where: { $0.filter { $0 != " " } == "xrpc.v1.json" })
        {
            headers["Sec-WebSocket-Protocol"] = "xrpc.v1.json"
        }
        let extensions = request.headers.values(of: "Sec-WebSocket-Extensions").joined(separator: ",")
        var opening = opening
        opening.isCompressed =
            wire == .jetstream1 && state.withLock(\.compresses) && extensions.contains("permessage-deflate")
        if opening.isCompressed { headers["Sec-WebSocket-Extensions"] = "permessage-deflate" }
        return .upgrade(HTTPResponse(status: 101, headers: headers)) { [self, opening] socket, received in
            let subscriber = StreamSubscriber(socket: socket, wire: wire, log: log) { self.state.withLock(\.manner) }
            let number = state.withLock { state in
                state.number += 1
                state.subscribers[state.number] = subscriber
                return state.number
            }
            subscriber.run(from: position, filter, opening, received)
            state.withLock { $0.subscribers[number] = nil }
        }
    }

    private static let notReady = "service not ready: cursor replay warming up"

    /// A cursor from here on is a time in microseconds, below it is a sequence number.
    private static let firstTime: Int64 = 1_000_000_000_000_000

    private static func outdated(_ floor: Int64) -> JSONValue {
        [
            "$type": "message",
            "payload": [
                "$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor",
                "message": .string(
                    "requested timestamp cursor below retention floor; starting at seq \(floor)"
                ),
            ],
        ]
    }
}
