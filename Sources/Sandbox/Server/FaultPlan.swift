internal import Network
internal import Synchronization

/// The faults that are due: by pattern, count and time, or at random in a campaign.
///
/// The control endpoint is never struck, so that every fault can be lifted.
public final class FaultPlan: Sendable {
    private struct Order {
        let pattern: String
        let fault: Fault
        var skips: Int
        /// How often it still strikes; nil for no limit.
        var count: Int?
        /// When it ends by the network's clock; nil for never.
        let end: UnixTime?
    }

    private struct Campaign {
        let pattern: String
        let share: Double
        let faults: [Fault]
        var generator: SeededGenerator
    }

    private struct State {
        var orders: [Order] = []
        var campaigns: [Campaign] = []
        var fired = 0
        /// The last true answer of each method.
        var answers: [String: HTTPResponse] = [:]
    }

    private let clock: SandboxClock
    private let state = Mutex(State())

    init(clock: SandboxClock = SandboxClock()) { self.clock = clock }

    /// Orders a fault, until it has struck often enough, its time is over, or ``clear()``: whichever comes first.
    ///
    /// - Parameters:
    ///   - fault: what is to happen.
    ///   - pattern: text that occurs in `server METHOD /path?query`, for example `sendMessage` or `as POST /oauth/token`;
    ///     `client GET https://…` is the authorization server's own request for client metadata. All when empty.
    ///   - count: how many requests it strikes; nil stands for one, and for no limit with a duration or when the fault is
    ///     a ``Misbehaviour``.
    ///   - skips: how many matching requests go well before.
    ///   - duration: how long it lasts by the network's clock.
    public func add(
        _ fault: Fault,
        on pattern: String = "",
        count: Int? = nil,
        skipping skips: Int = 0,
        lasting duration: Duration? = nil
    ) {
        let limit = count ?? (duration == nil && fault.misbehaviour == nil ? 1 : nil)
        let end = duration.map { clock.now() + $0 }
        let order = Order(pattern: pattern, fault: fault, skips: skips, count: limit, end: end)
        state.withLock { $0.orders.append(order) }
    }

    /// Lets a share of the matching requests fail in one of the given ways.
    ///
    /// - Parameters:
    ///   - faults: chosen from with equal probability; a ``Misbehaviour`` cannot be among them.
    ///   - pattern: as in ``add(_:on:count:skipping:lasting:)``.
    ///   - share: 0 to 1.
    ///   - seed: the same seed gives the same sequence of decisions.
    public func campaign(_ faults: [Fault], on pattern: String, share: Double, seed: UInt64) {
        let campaign = Campaign(pattern: pattern, share: share, faults: faults, generator: SeededGenerator(seed: seed))
        state.withLock { $0.campaigns.append(campaign) }
    }

    /// Cancels every order and campaign.
    public func clear() {
        state.withLock {
            $0.orders = []
            $0.campaigns = []
        }
    }

    /// How many faults have struck.
    public var fired: Int { state.withLock(\.fired) }

    /// How many ordered faults have not struck yet; one without a limit counts as one while it is in force.
    public var pending: Int {
        let now = clock.now()
        return state.withLock { state in
            Self.removeEnded(at: now, from: &state)
            return state.orders.reduce(0) { $0 + ($1.count ?? 1) }
        }
    }

    /// The fault that strikes a request at the connection, nil when it shall go well.
    func take(for request: IncomingRequest) -> Fault? {
        guard request.server != "control" else { return nil }
        let now = clock.now()
        return state.withLock { state in
            Self.removeEnded(at: now, from: &state)
            let line = request.line
            let ordered = Self.order(for: line, in: &state) { $0.misbehaviour == nil ? $0 : nil }
            let fault = ordered ?? Self.random(for: line, in: &state)
            if fault != nil { state.fired += 1 }
            return fault
        }
    }

    /// The response that is given in place of the true one.
    func answer(_ response: HTTPResponse, to request: IncomingRequest, _ effect: Fault.Effect?) -> HTTPResponse {
        // A DID in the path is what was asked for.
        let method = "\(request.server) \(request.method) \(request.path.prefix { $0 != ":" })"
        let earlier = state.withLock { state in
            defer { if response.isSuccess { state.answers[method] = response } }
            return state.answers[method]
        }
        switch effect {
        case .respond(let other): return other
        case .falsify(let falsehood): return falsehood.answer(response, earlier: earlier)
        case .pad(let count):
            var padded = response
            padded.body += [UInt8](repeating: UInt8(ascii: " "), count: count)
            return padded
        case nil, .close, .reset, .truncate, .silence, .delay, .trickle, .misbehave: return response
        }
    }

    /// What the server that answers a request does wrong.
    ///
    /// - Parameters:
    ///   - request: what it answers.
    ///   - read: takes what it needs from the misbehaviour that it can show here, nil from every other.
    /// - Returns: what was read; nil when it shall behave.
    func misbehaviour<Value: Sendable>(
        at request: IncomingRequest,
        _ read: @Sendable (Misbehaviour) -> Value?
    ) -> Value? {
        let now = clock.now()
        return state.withLock { state in
            Self.removeEnded(at: now, from: &state)
            let value = Self.order(for: request.line, in: &state) { $0.misbehaviour.flatMap(read) }
            if value != nil { state.fired += 1 }
            return value
        }
    }

    /// Whether the server that answers a request does this wrong.
    func shows(_ misbehaviour: Misbehaviour, at request: IncomingRequest) -> Bool {
        self.misbehaviour(at: request) { $0 == misbehaviour ? true : nil } ?? false
    }

    /// Whether a misbehaviour is to be seen now, on whatever; asking does not use it up.
    func isInForce(_ misbehaviour: Misbehaviour) -> Bool {
        let now = clock.now()
        return state.withLock { state in
            Self.removeEnded(at: now, from: &state)
            return state.orders.contains { $0.skips == 0 && $0.fault.misbehaviour == misbehaviour }
        }
    }

    private static func removeEnded(at now: UnixTime, from state: inout State) {
        state.orders.removeAll { order in order.end.map { $0 <= now } ?? false }
    }

    /// Uses the first order whose pattern fits and whose fault can be read.
    private static func order<Value: Sendable>(for line: String, in state: inout State, _ read: (Fault) -> Value?)
        -> Value?
    {
        for (index, order) in state.orders.enumerated() where order.pattern.isEmpty || line.contains(order.pattern) {
            guard let value = read(order.fault) else { continue }
            guard order.skips == 0 else {
                state.orders[index].skips -= 1
                return nil
            }
            if let count = order.count {
                state.orders[index].count = count - 1
                if count <= 1 { state.orders.remove(at: index) }
            }
            return value
        }
        return nil
    }

    private static func random(for line: String, in state: inout State) -> Fault? {
        guard let index = state.campaigns.firstIndex(where: { line.contains($0.pattern) }) else { return nil }
        var campaign = state.campaigns[index]
        defer { state.campaigns[index] = campaign }
        guard Double.random(in: 0..<1, using: &campaign.generator) < campaign.share else { return nil }
        return campaign.faults.randomElement(using: &campaign.generator)
    }
}
