internal import Synchronization

/// The faults that are due: by pattern and count, or at random in a campaign.
public final class FaultPlan: Sendable {
    private struct Order {
        let pattern: String
        let fault: Fault
        var skips: Int
        var count: Int
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
    }

    private let state = Mutex(State())

    /// Orders a fault.
    ///
    /// - Parameters:
    ///   - fault: what is to happen.
    ///   - pattern: text that occurs in `server METHOD /path?query`, for example `sendMessage` or `as POST /oauth/token`.
    ///   - count: how many matching requests it strikes.
    ///   - skips: how many matching requests go well before.
    public func add(_ fault: Fault, on pattern: String, count: Int = 1, skipping skips: Int = 0) {
        state.withLock { $0.orders.append(Order(pattern: pattern, fault: fault, skips: skips, count: count)) }
    }

    /// Lets a share of the matching requests fail in one of the given ways.
    ///
    /// - Parameters:
    ///   - faults: chosen from with equal probability.
    ///   - pattern: as in ``add(_:on:count:skipping:)``.
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

    /// How many ordered faults have not struck yet.
    public var pending: Int { state.withLock { $0.orders.reduce(0) { $0 + $1.count } } }

    /// The fault for a request, nil when it shall go well.
    func take(for request: IncomingRequest) -> Fault? {
        state.withLock { state in
            let fault = Self.ordered(for: request.line, in: &state) ?? Self.random(for: request.line, in: &state)
            if fault != nil { state.fired += 1 }
            return fault
        }
    }

    private static func ordered(for line: String, in state: inout State) -> Fault? {
        guard let index = state.orders.firstIndex(where: { line.contains($0.pattern) }) else { return nil }
        guard state.orders[index].skips == 0 else {
            state.orders[index].skips -= 1
            return nil
        }
        let fault = state.orders[index].fault
        state.orders[index].count -= 1
        if state.orders[index].count <= 0 { state.orders.remove(at: index) }
        return fault
    }

    private static func random(for line: String, in state: inout State) -> Fault? {
        guard let index = state.campaigns.firstIndex(where: { line.contains($0.pattern) }) else { return nil }
        var campaign = state.campaigns[index]
        defer { state.campaigns[index] = campaign }
        guard Double.random(in: 0..<1, using: &campaign.generator) < campaign.share else { return nil }
        return campaign.faults.randomElement(using: &campaign.generator)
    }
}

/// SplitMix64: small, and the same sequence for the same seed on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator of this seed.
    public init(seed: UInt64) { state = seed }

    /// The next word.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
