/// Why following a stream ended for good; everything that another attempt could mend is only logged.
public struct FirehoseFailure: Error, Sendable, CustomStringConvertible {
    /// What is wrong, stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No host is configured, or a host's address names no known wire or is not allowed.
        public static let configuration = Code(rawValue: "stream-configuration")
        /// The stored positions cannot be read.
        public static let storage = Code(rawValue: "stream-position-storage")
        /// A recording cannot be read.
        public static let recording = Code(rawValue: "stream-recording")
        /// A recording is compressed in a way that cannot be undone.
        public static let recordingContent = Code(rawValue: "stream-recording-content")
    }

    /// What is wrong.
    public var code: Code
    /// One sentence: what happened and what to do.
    public var sentence: String

    /// A failure with these parts.
    public init(code: Code, sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    /// A sentence for the operator.
    public var description: String { sentence }
}
