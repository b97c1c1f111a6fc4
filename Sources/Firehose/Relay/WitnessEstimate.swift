/// When a relay saw what it sends: it does not say, so the times that the many servers behind it write are taken
/// together.
///
/// A quarter of the last times may be any amount in the past and three quarters in the future without moving the
/// estimate ahead of the truth by more than honest servers' clocks differ.
struct WitnessEstimate: Sendable {
    private static let capacity = 32

    private var times: [Int64] = []
    private var next = 0
    /// Microseconds since the Unix epoch; never goes back.
    private(set) var value: Int64

    init(_ start: Int64) { value = start }

    mutating func add(_ time: Int64) {
        if times.count < Self.capacity {
            times.append(time)
        } else {
            times[next] = time
            next = (next + 1) % Self.capacity
        }
        guard times.count >= 8 else { return }
        value = max(value, times.sorted()[times.count / 4])
    }
}
