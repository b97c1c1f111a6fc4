public import Network

/// A signed-in account that can make XRPC calls; tokens, proofs and files stay hidden.
///
/// It separates delivery from the kinds of session. An implementation sends to the account's own PDS and adds
/// `Authorization` and proof. It repeats a call once for a fresh nonce and once after a refresh, and does nothing else.
public protocol AccountSession: Sendable {
    /// The account that makes the calls.
    var account: DID { get }

    /// Makes one call on the account's PDS and returns the response, which may be an error of the called service.
    ///
    /// - Throws: ``SessionError`` when there is no response to the call.
    func send(_ call: XRPCCall) async throws(SessionError) -> HTTPResponse
}

/// Why a session could not make a call.
public struct SessionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The request got no response; see ``SessionError/transport``.
        public static let transport = Code(rawValue: "transport")
        /// Somebody must log in again.
        public static let needsLogin = Code(rawValue: "needs-login")
        /// Configuration, stored session and published client metadata contradict each other.
        public static let misconfigured = Code(rawValue: "session-misconfigured")
        /// The response to a refresh did not pass the checks and was set aside.
        public static let quarantined = Code(rawValue: "session-quarantined")
        /// The session cannot be refreshed now; it will be tried again.
        public static let refreshUnavailable = Code(rawValue: "refresh-unavailable")
    }

    public var code: Code
    /// What happened and what to do, as one sentence.
    public var sentence: String
    /// The transport's failure if ``code`` is ``Code/transport``.
    public var transport: HTTPError?

    public init(code: Code, sentence: String, transport: HTTPError? = nil) {
        self.code = code
        self.sentence = sentence
        self.transport = transport
    }

    /// Wraps the failure of an HTTP request.
    public init(_ failure: HTTPError) {
        self.init(code: .transport, sentence: failure.description, transport: failure)
    }

    /// Whether the response exceeded the size limit.
    public var isTooLarge: Bool { transport?.code == .tooLarge }

    /// Whether the call may have been carried out although there was no response.
    public var mayHaveBeenSent: Bool { transport?.mayHaveBeenSent ?? false }

    /// A sentence for the operator.
    public var description: String { sentence }
}
