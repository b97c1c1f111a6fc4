import ATProtocol
import Firehose
import Glibc

/// Decodes the recorded messages over and over and counts the CPU time of this process.
struct StreamBench {
    private let version1: [[UInt8]]
    private let version2: [[UInt8]]
    private let relay: [[UInt8]]

    /// Reads the messages of a Jetstream, one a line, and those of a relay, each behind its length in four bytes.
    init(lines: String, frames: String) throws {
        version1 = Self.read(lines).split(separator: 0x0A).map(Array.init)
        version2 = try version1.enumerated().compactMap { try Self.version2($1, sequence: $0 + 1) }
        var rest = Self.read(frames)[...]
        var messages: [[UInt8]] = []
        while rest.count >= 4 {
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            messages.append(Array(rest.dropFirst(4).prefix(length)))
            rest = rest.dropFirst(4 + length)
        }
        relay = messages
    }

    func run() throws {
        let nobody = [try CollectionPattern("sh.tangled.repo.pull")]
        let rare = [try CollectionPattern("app.bsky.graph.block")]
        let likes = [try CollectionPattern("app.bsky.feed.like")]
        print("wire          filter        us/message  events  messages/s")
        for (name, collections) in [("miss", nobody), ("1 in 150", rare), ("2 in 3", likes)] {
            measure("jetstream-v1", name, WireTrial(.jetstream1, collections), version1, rounds: 2000)
            measure("jetstream-v2", name, WireTrial(.jetstream2, collections), version2, rounds: 2000)
            measure("relay", name, WireTrial(.relay, collections), relay, rounds: name == "2 in 3" ? 20 : 2000)
        }
        print("a namespace in which nothing is, as a multiple of one collection in it")
        for (wire, messages) in [(StreamWire.jetstream1, version1), (.jetstream2, version2), (.relay, relay)] {
            // The first differs from everything in its first letter, the second only behind what most names begin with.
            for pair in [("sh.tangled.repo.pull", "sh.tangled.*"), ("app.bsky.feedback.like", "app.bsky.feedback.*")] {
                try compare(wire, pair.0, pair.1, messages)
            }
        }
    }

    /// The best of many turns each, one beside the other: other work of the machine strikes both alike.
    private func compare(_ wire: StreamWire, _ collection: String, _ namespace: String, _ messages: [[UInt8]]) throws {
        var trials = try [collection, namespace].map { WireTrial(wire, [try CollectionPattern($0)]) }
        var best = [Int.max, Int.max]
        var events = 0
        for turn in 0..<400 {
            // The order changes, too: who comes second finds the messages in the cache.
            for index in turn % 2 == 0 ? [0, 1] : [1, 0] {
                let start = clock()
                for _ in 0..<20 {
                    for message in messages { events += trials[index].events(in: message) }
                }
                best[index] = min(best[index], clock() - start)
            }
        }
        let ratio = Double(best[1]) / Double(max(1, best[0]))
        print("\(wire.rawValue) \(namespace): \((ratio * 100).rounded() / 100) (\(events) events)")
    }

    private func measure(_ wire: String, _ name: String, _ trial: WireTrial, _ messages: [[UInt8]], rounds: Int) {
        guard !messages.isEmpty else { return }
        var trial = trial
        var events = 0
        let start = clock()
        for _ in 0..<rounds {
            for message in messages { events += trial.events(in: message) }
        }
        let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        let count = rounds * messages.count
        func column(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let microseconds = seconds / Double(count) * 1e6
        let shown = "\((microseconds * 1000).rounded() / 1000)"
        let rate = Int(1e6 / microseconds)
        print(column(wire, 14) + column(name, 14) + column(shown, 12) + column("\(events)", 8) + "\(rate)")
    }

    /// A message of version 1 as one of version 2; nil when it is no commit.
    private static func version2(_ line: [UInt8], sequence: Int) throws -> [UInt8]? {
        let json = try JSONValue(parsing: line)
        guard let commit = json["commit"]?.object, let did = json["did"] else { return nil }
        let members = ["rev", "operation", "collection", "rkey", "cid", "record"].compactMap { name in
            commit[name].map { #""\#(name)":\#($0.encodedText)"# }
        }
        let head = #""seq":\#(sequence),"did":\#(did.encodedText),"time":"2026-07-04T14:38:08.085434Z""#
        let type = #""$type":"network.bsky.jetstream.subscribeEvents#commit""#
        return Array(#"{"$type":"message","payload":{\#(type),\#(head),\#(members.joined(separator: ","))}}"#.utf8)
    }

    static func read(_ path: String) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var out: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe Glibc.read(file, &chunk, chunk.count)
            guard count > 0 else { return out }
            out += chunk[..<count]
        }
    }
}
