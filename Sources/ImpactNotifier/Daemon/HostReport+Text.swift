internal import ATProtocol
internal import Firehose

extension HostReport {
    /// The host as JSON: times in seconds since the Unix epoch.
    var json: JSONValue {
        [
            "host": .string(host),
            "wire": .string(wire.rawValue),
            "connected": .bool(isConnected),
            "read_since": since.map { .number(Double($0) / 1e6) } ?? .null,
            "read_until": until.map { .number(Double($0) / 1e6) } ?? .null,
            "missed": .integer(Int64(missed)),
            "late": .integer(Int64(late)),
        ]
    }

    /// The host in a few words, for a log line.
    var text: String { "\(host) \(isConnected ? "open" : "closed") missed:\(missed) late:\(late)" }
}
