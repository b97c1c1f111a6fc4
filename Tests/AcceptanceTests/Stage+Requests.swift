import ATProtocol
import Sandbox
import Testing

/// What became of requests that are called “Request N.”.
extension Stage {
    struct Row: Sendable {
        let state: String
        let reason: String?
    }

    /// Settings under which a campaign waits for milliseconds where an installation waits for minutes.
    static let hurried = [
        "sending.settle": "200ms", "sending.first_wait": "10ms", "sending.maximum_wait": "100ms",
        "sending.first_limit_wait": "10ms", "sending.maximum_limit_wait": "50ms",
        "sending.probe_interval": "50ms", "sending.maximum_sends": "5", "lookup.first_wait": "10ms",
        "lookup.maximum_wait": "200ms", "lookup.host_pause": "50ms", "lookup.project_patience": "2s",
    ]

    /// How often each request's number is in the chat, by request.
    func countsByRequest() -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for text in network.chat.messages.map(\.text) {
            guard let start = text.firstRange(of: "“Request ")?.upperBound,
                let number = Int(text[start...].prefix { $0.isNumber })
            else { continue }
            counts[number, default: 0] += 1
        }
        return counts
    }

    /// The jobs by AT-URI, once nothing more happens by itself; the bound is for what hangs, on a machine that does other things.
    func rest(of requests: Int, _ process: ChildProcess) async throws -> [String: Row] {
        let deadline = ContinuousClock.now + .seconds(300 + requests / 5)
        var jobs: [String: Row] = [:]
        repeat {
            let listing = try daemon.start("jobs", ["--json", "--limit", "\(requests + 10)"])
            _ = await listing.ended(within: .seconds(60))
            jobs = [:]
            for line in listing.output {
                guard let json = try? JSONValue(parsing: line), let uri = json["uri"]?.string else { continue }
                jobs[uri] = Row(state: json["state"]?.string ?? "", reason: json["reason"]?.string)
            }
            let isAtRest = jobs.values.allSatisfy {
                ["delivered", "dropped", "uncertain", "deferred"].contains($0.state)
            }
            if jobs.count == requests, isAtRest { return jobs }
            // Listing ten thousand jobs is work for the machine too.
            try await Task.sleep(for: .milliseconds(300 + requests))
        } while ContinuousClock.now < deadline && process.ending == nil
        let states = Dictionary(grouping: jobs.values, by: \.state).mapValues(\.count)
        Issue.record("not at rest: \(states)\n\(process.output.suffix(25).joined(separator: "\n"))")
        return jobs
    }
}
