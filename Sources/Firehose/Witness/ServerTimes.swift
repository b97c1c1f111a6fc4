/// The times that the many servers behind a relay write, taken together: it does not say itself when it saw what it
/// sends.
///
/// Three quarters of the last times may be any amount in the future without moving the lower quartile ahead of the
/// truth by more than honest servers' clocks differ.
struct ServerTimes: Sendable {
    private static let capacity = 32

    private var times: [Int64] = []
    private var next = 0

    /// Takes note of a time, in microseconds since the Unix epoch.
    ///
    /// - Returns: the lower quartile of the last times; nil while they are fewer than eight.
    mutating func add(_ time: Int64) -> Int64? {
        if times.count < Self.capacity {
            times.append(time)
        } else {
            times[next] = time
            next = (next + 1) % Self.capacity
        }
        return times.count < 8 ? nil : times.sorted()[times.count / 4]
    }
}
