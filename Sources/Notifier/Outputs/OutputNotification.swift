internal import ATProtocol
internal import Network

/// What a local output is told: the state of one change request, and why.
struct OutputNotification: Sendable, Equatable {
    let occasion: OutputConfiguration.Occasion
    let json: JSONValue

    /// The notification of an outcome; nil when it is none of the occasions.
    init?(_ outcome: Outcome, at now: UnixTime) {
        guard let occasion = OutputConfiguration.Occasion(rawValue: outcome.state.rawValue) else { return nil }
        self.occasion = occasion
        var members: [String: JSONValue] = [
            "occasion": .string(occasion.rawValue), "uri": .string(outcome.uri.text), "rule": .string(outcome.rule),
            "at": .string(now.description),
        ]
        if let owner = outcome.owner { members["owner"] = .string(owner.text) }
        if let reason = outcome.reason {
            members["reason"] = .string(reason.rawValue)
            members["sentence"] = .string(reason.sentence)
        }
        json = .object(members)
    }
}
