/// Why the follower stopped for good; failures that a new attempt may fix are only logged.
public struct FirehoseError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No host is configured, or a host's address has an unknown wire or is not allowed.
        public static let configuration = Code(rawValue: "stream-configuration")
        /// The stored positions cannot be read.
        public static let storage = Code(rawValue: "stream-position-storage")
        /// A recording cannot be read.
        public static let recording = Code(rawValue: "stream-recording")
        /// A recording is compressed in an unknown way, or damaged.
        public static let recordingContent = Code(rawValue: "stream-recording-content")
    }

    public var code: Code
    /// What happened and what to do, as one sentence.
    public var sentence: String

    public init(code: Code, sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    /// A sentence for the operator.
    public var description: String { sentence }
}
