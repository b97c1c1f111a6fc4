public import Network

/// A signed-in account as those see it who want to make calls: nothing about tokens, proofs or files.
///
/// The one seam between delivery and the session kinds. An implementation sends to the account's own PDS, adds
/// `Authorization` and proof, repeats once for a fresh nonce and once after a refresh, and nothing else.
public protocol AccountSession: Sendable {
    /// The account that the calls are made for.
    var account: DID { get }

    /// Makes one call on the account's PDS and returns its answer, errors of the called service included.
    ///
    /// - Throws: ``SessionFailure`` when no answer to the call can be had.
    func send(_ call: XRPCCall) async throws(SessionFailure) -> HTTPResponse
}

/// Why a session could not make a call.
public struct SessionFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The request got no answer; see ``SessionFailure/transport``.
        public static let transport = Code(rawValue: "transport")
        /// A human must log in again.
        public static let needsLogin = Code(rawValue: "needs-login")
        /// Configuration, stored session and hosted metadata do not fit each other.
        public static let misconfigured = Code(rawValue: "session-misconfigured")
        /// An answer to a refresh was kept aside because it did not pass the checks.
        public static let quarantined = Code(rawValue: "session-quarantined")
        /// The session cannot be refreshed just now; it will be tried again.
        public static let refreshUnavailable = Code(rawValue: "refresh-unavailable")
    }

    /// What is wrong.
    public var code: Code
    /// One sentence: what happened and what to do.
    public var sentence: String
    /// The failure of the transport when ``code`` is ``Code/transport``.
    public var transport: HTTPFailure?

    /// A failure with these parts.
    public init(code: Code, sentence: String, transport: HTTPFailure? = nil) {
        self.code = code
        self.sentence = sentence
        self.transport = transport
    }

    /// The failure of a request.
    public init(_ failure: HTTPFailure) {
        self.init(code: .transport, sentence: failure.description, transport: failure)
    }

    /// Whether the answer was larger than any that is accepted.
    public var isTooLarge: Bool { transport?.code == .tooLarge }

    /// Whether the call may have been carried out although no answer came.
    public var mayHaveBeenSent: Bool { transport?.mayHaveBeenSent ?? false }

    /// A sentence for the operator.
    public var description: String { sentence }
}
