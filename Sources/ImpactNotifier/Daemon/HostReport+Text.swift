internal import ATProtocol
internal import Firehose
internal import Network

extension HostReport {
    var json: JSONValue {
        [
            "host": .string(host),
            "wire": .string(wire.rawValue),
            "connected": .bool(isConnected),
            "compressed": .bool(isCompressed),
            "read_since": since.map { .string(Timestamp.rfc3339(UnixTime(microseconds: $0))) } ?? .null,
            "read_until": until.map { .string(Timestamp.rfc3339(UnixTime(microseconds: $0))) } ?? .null,
            "missed": .integer(Int64(missed)),
            "late": .integer(Int64(late)),
        ]
    }

    /// The host in a few words, for a log line.
    var text: String {
        "\(host) \(isConnected ? "open" : "closed") missed:\(missed) late:\(late)" + (isCompressed ? " compressed" : "")
    }
}
