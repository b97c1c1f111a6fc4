public import Network

/// A local output that is told of what becomes of change requests.
public struct OutputConfiguration: Sendable, Equatable {
    /// Where it goes.
    public enum Channel: Sendable, Equatable {
        /// A file to which one JSON object a line is appended.
        case file(path: String)
        /// A program with its arguments, which gets the JSON object on standard input; never run by a shell.
        case command([String])
        /// A POST of the JSON object, signed with HMAC-SHA-256 of the secret in `X-Impact-Signature`.
        case webhook(WebURL, secret: [UInt8])
    }

    /// What an output can be told: the states of a job by their names.
    public enum Occasion: String, Sendable, CaseIterable, Hashable {
        /// A message arrived.
        case delivered
        /// A message will not be sent.
        case dropped
        /// A message waits for its owner.
        case deferred
        /// A message may have arrived; this needs a decision.
        case uncertain
    }

    /// Its name in logs.
    public var name: String
    /// Where it goes.
    public var channel: Channel
    /// Which events it is told of.
    public var occasions: Set<Occasion>

    public init(name: String, channel: Channel, occasions: Set<Occasion> = Set(Occasion.allCases)) {
        self.name = name
        self.channel = channel
        self.occasions = occasions
    }
}
