/// Why repository data is malformed or proves nothing.
public struct RepositoryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The bytes are not in the expected format.
        public static let malformed = Code(rawValue: "repository-malformed")
        /// A block that the proof needs is missing.
        public static let missingBlock = Code(rawValue: "repository-block-missing")
        /// A block's bytes do not match its CID.
        public static let wrongContent = Code(rawValue: "repository-content-wrong")
        /// The tree contradicts the commit.
        public static let wrongTree = Code(rawValue: "repository-tree-wrong")
        /// The commit belongs to another account, or its signature is not from the account's key.
        public static let wrongSignature = Code(rawValue: "repository-signature-wrong")
        /// The commit is older than the state that it should prove.
        public static let outdated = Code(rawValue: "repository-outdated")
        /// The commit's revision is more than five minutes in the future.
        public static let futureRevision = Code(rawValue: "repository-revision-in-future")
    }

    public var code: Code
    /// What was found, as a clause.
    public var detail: String

    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }

    init(_ error: CBORError) { self.init(code: .malformed, detail: error.description) }

    /// A sentence for the operator.
    public var description: String { "\(detail) (\(code.rawValue))" }
}
