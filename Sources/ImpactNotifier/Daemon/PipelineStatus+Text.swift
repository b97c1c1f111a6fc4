internal import ATProtocol
internal import Logging
internal import Network
internal import Notifier

extension PipelineStatus {
    /// The number of jobs that are on their way or wait.
    var pending: Int { jobs.filter { !$0.key.isFinal }.values.reduce(0, +) }

    /// The status as the metadata of a log line.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "matched": .stringConvertible(matched), "delivered": .stringConvertible(delivered),
            "waiting": .stringConvertible(pending), "sender": "\(senderText)",
        ]
        if let oldestPendingAge { metadata["oldest_s"] = .stringConvertible(oldestPendingAge.wholeSeconds) }
        return metadata
    }

    var json: JSONValue {
        .object([
            "sender": .string(senderText),
            "jobs": .object(
                Dictionary(uniqueKeysWithValues: jobs.map { ($0.key.rawValue, .integer(Int64($0.value))) })
            ),
            "oldest_pending_seconds": oldestPendingAge.map { .number($0.inSeconds) } ?? .null,
            "matched": .integer(Int64(matched)),
            "delivered": .integer(Int64(delivered)),
            "last_delivered_at": lastDeliveredAt.map { .string(Timestamp.rfc3339($0)) } ?? .null,
            "awaiting_proof": .integer(Int64(awaitingProof)),
            "quarantined": .integer(Int64(quarantined)),
            "paused_hosts": .integer(Int64(pausedHosts)),
        ])
    }

    private var senderText: String {
        switch sender {
        case .open: "open"
        case .off: "off:\(Reason.shadowMode.rawValue)"
        case .held(let reason, _): "held:\(reason.rawValue)"
        case .paused(let reason, _, _): "paused:\(reason.rawValue)"
        }
    }
}
