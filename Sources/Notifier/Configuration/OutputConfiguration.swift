public import Network

/// A local output that is told of what becomes of change requests.
public struct OutputConfiguration: Sendable, Equatable {
    /// Where it goes.
    public enum Channel: Sendable, Equatable {
        /// One JSON object a line, appended to this file.
        case file(path: String)
        /// A program with its arguments; the JSON object is its standard input. Never a shell.
        case command([String])
        /// A POST of the JSON object, signed with HMAC-SHA-256 of the secret in `X-Impact-Signature`.
        case webhook(WebURL, secret: [UInt8])
    }

    /// What it is told.
    public enum Occasion: String, Sendable, CaseIterable, Hashable {
        /// A message arrived.
        case delivered
        /// A message will not be sent.
        case dropped
        /// A message waits for its owner.
        case deferred
        /// A message may or may not have arrived, and a human must look.
        case uncertain
    }

    /// Its name in logs.
    public var name: String
    /// Where it goes.
    public var channel: Channel
    /// What it is told.
    public var occasions: Set<Occasion>

    /// An output of this name.
    public init(name: String, channel: Channel, occasions: Set<Occasion> = Set(Occasion.allCases)) {
        self.name = name
        self.channel = channel
        self.occasions = occasions
    }
}
