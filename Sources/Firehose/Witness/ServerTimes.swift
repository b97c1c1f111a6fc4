/// Estimates the time from what the many servers behind a relay write; a relay does not tell its own time.
///
/// Even if three quarters of the latest times are far in the future, the lower quartile is ahead of the true time by no
/// more than honest servers' clocks differ.
struct ServerTimes: Sendable {
    private static let capacity = 32

    private var times: [Int64] = []
    private var next = 0

    /// Adds a time in microseconds since the Unix epoch.
    ///
    /// - Returns: the lower quartile of the latest times; nil while there are fewer than eight.
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
