import Glibc

/// What a run came to, read when it has ended.
final class BenchTally: @unchecked Sendable {
    var messages = 0
    var bytes = 0
    var matched = 0
    var start = Usage()
    var end = Usage()
    var residentAfterMillion = 0
    var latencies: [Double] = []

    /// The line that run.py reads.
    func json(mode: BenchHandler.Mode) -> String {
        let seconds = (end.wall - start.wall) / .seconds(1)
        var fields = [
            "\"client\":\"ours\"", "\"mode\":\"\(mode.rawValue)\"", "\"n\":\(messages)", "\"bytes\":\(bytes)",
            "\"secs\":\(seconds)", "\"cpu_u\":\(end.user - start.user)", "\"cpu_s\":\(end.system - start.system)",
            "\"matched\":\(matched)", "\"rss_kb\":\(end.peakKiB)",
        ]
        if residentAfterMillion > 0 {
            fields += ["\"rss_million_kb\":\(residentAfterMillion)", "\"rss_end_kb\":\(end.residentKiB)"]
        }
        if let least = latencies.min() {
            let added = latencies.map { ($0 - least) * 1000 }.sorted()
            fields += [
                "\"latency_p50_ms\":\(added[added.count / 2])", "\"latency_p99_ms\":\(added[added.count * 99 / 100])",
            ]
        }
        return "{" + fields.joined(separator: ",") + "}"
    }
}

/// Time, CPU time and memory so far.
struct Usage {
    let wall = ContinuousClock.now
    let user: Double
    let system: Double
    let peakKiB: Int
    let residentKiB: Int

    init() {
        var usage = rusage()
        // RUSAGE_SELF is 0; the C enumeration that holds it does not convert.
        unsafe getrusage(0, &usage)
        user = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
        system = Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
        peakKiB = usage.ru_maxrss
        residentKiB = Self.residentNow()
    }

    /// The resident set in KiB, from the second field of /proc/self/statm (in pages of 4 KiB).
    static func residentNow() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { unsafe fclose(file) }
        var line = [UInt8](repeating: 0, count: 128)
        let count = unsafe fread(&line, 1, line.count, file)
        let fields = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4 : 0
    }
}
