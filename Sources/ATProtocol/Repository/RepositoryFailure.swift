/// Why repository data is malformed, or does not prove what it should.
public struct RepositoryFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The bytes are not the format that they should be.
        public static let malformed = Code(rawValue: "repository-malformed")
        /// A block that the proof needs is not there.
        public static let missingBlock = Code(rawValue: "repository-block-missing")
        /// A block's bytes are not what its identifier says.
        public static let wrongContent = Code(rawValue: "repository-content-wrong")
        /// The tree does not hold what the commit says that it does.
        public static let wrongTree = Code(rawValue: "repository-tree-wrong")
        /// The commit is not the account's, or not signed by its key.
        public static let wrongSignature = Code(rawValue: "repository-signature-wrong")
        /// The commit is older than what it should prove.
        public static let outdated = Code(rawValue: "repository-outdated")
        /// The commit's revision is more than five minutes in the future.
        public static let futureRevision = Code(rawValue: "repository-revision-in-future")
    }

    /// What is wrong.
    public var code: Code
    /// One clause: what was found.
    public var detail: String

    /// A failure with these parts.
    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The failure to decode something.
    init(_ error: CBORError) { self.init(code: .malformed, detail: error.description) }

    /// A sentence for the operator.
    public var description: String { "\(detail) (\(code.rawValue))" }
}
