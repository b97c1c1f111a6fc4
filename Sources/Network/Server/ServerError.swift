/// Why our own server cannot serve.
public struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The server cannot listen at the address: in use, not on this machine, or a privileged port.
        public static let cannotListen = Code(rawValue: "cannot-listen")
        /// It listens, but the system has no thread or descriptor left to serve with.
        public static let cannotServe = Code(rawValue: "cannot-serve")
    }

    public let code: Code
    /// The system's message.
    public let description: String
    /// The system's error number.
    let number: Int32

    init(_ code: Code, _ number: Int32) {
        self.code = code
        self.number = number
        description = Descriptor.message(number)
    }
}
