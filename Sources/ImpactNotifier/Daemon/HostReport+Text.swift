internal import ATProtocol
internal import Firehose
internal import Network

extension HostReport {
    /// The host as JSON: times in seconds since the Unix epoch.
    var json: JSONValue {
        [
            "host": .string(host),
            "wire": .string(wire.rawValue),
            "connected": .bool(isConnected),
            "compressed": .bool(isCompressed),
            "read_since": since.map { .number(UnixTime(microseconds: $0).seconds) } ?? .null,
            "read_until": until.map { .number(UnixTime(microseconds: $0).seconds) } ?? .null,
            "missed": .integer(Int64(missed)),
            "late": .integer(Int64(late)),
        ]
    }

    /// The host in a few words, for a log line.
    var text: String {
        "\(host) \(isConnected ? "open" : "closed") missed:\(missed) late:\(late)" + (isCompressed ? " compressed" : "")
    }
}
