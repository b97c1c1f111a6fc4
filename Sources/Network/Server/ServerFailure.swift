/// Why a server of ours cannot serve.
public struct ServerFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, open for more.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The address cannot be listened at: in use, not of this machine, or a port that needs privileges.
        public static let cannotListen = Code(rawValue: "cannot-listen")
        /// It listens, but the system has no thread or no descriptor left to serve with.
        public static let cannotServe = Code(rawValue: "cannot-serve")
    }

    /// What went wrong.
    public let code: Code
    /// The system's words.
    public let description: String
    /// The system's number.
    let number: Int32

    /// A failure in the words for an error number.
    init(_ code: Code, _ number: Int32) {
        self.code = code
        self.number = number
        description = Descriptor.message(number)
    }
}
