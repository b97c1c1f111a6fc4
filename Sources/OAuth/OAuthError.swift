public import Network

/// Why a login, a server discovery or an operation on the stored session failed; never contains a secret.
public struct OAuthError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs and for scripts.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A request got no response.
        public static let transport = Code(rawValue: "transport")
        /// The account's DID or handle cannot be resolved.
        public static let identity = Code(rawValue: "identity")
        /// A server's metadata is missing or breaks a rule of the profile.
        public static let invalidMetadata = Code(rawValue: "server-metadata-invalid")
        /// The authorization server refused a request.
        public static let refused = Code(rawValue: "authorization-server-refused")
        /// The user denied the request.
        public static let denied = Code(rawValue: "access-denied")
        /// The callback does not belong to the login that was started.
        public static let callbackMismatch = Code(rawValue: "callback-mismatch")
        /// The code has expired, or was used before.
        public static let codeExpired = Code(rawValue: "code-expired")
        /// No login was started within the last hour.
        public static let noPendingLogin = Code(rawValue: "no-pending-login")
        /// The tokens belong to another account.
        public static let wrongAccount = Code(rawValue: "wrong-account")
        /// The granted scope does not allow everything that the daemon does.
        public static let scopeTooNarrow = Code(rawValue: "scope-too-narrow")
        /// The password was rejected, or is not an app password that may send messages.
        public static let passwordRefused = Code(rawValue: "password-refused")
        /// The configuration, the key file or the client ID cannot be used.
        public static let configuration = Code(rawValue: "configuration")
        /// The state directory or a file in it cannot be used.
        public static let storage = Code(rawValue: "storage")
        /// There is no stored session.
        public static let notLoggedIn = Code(rawValue: "not-logged-in")
        /// Another process uses the session.
        public static let busy = Code(rawValue: "session-busy")
        /// A key or signature operation failed.
        public static let crypto = Code(rawValue: "crypto")
    }

    public var code: Code
    /// What happened and, if useful, what to do, as one sentence.
    public var sentence: String
    /// What to do, in sentences of its own, if ``sentence`` does not say it.
    public var advice: String?
    /// The transport's failure if ``code`` is ``Code/transport``.
    public var transport: HTTPError?

    public init(code: Code, sentence: String, advice: String? = nil, transport: HTTPError? = nil) {
        self.code = code
        self.sentence = sentence
        self.advice = advice
        self.transport = transport
    }

    /// Wraps the failure of an HTTP request.
    public init(_ failure: HTTPError) {
        self.init(code: .transport, sentence: failure.description, transport: failure)
    }

    /// A sentence for the operator.
    public var description: String {
        "\([sentence, advice].compactMap(\.self).joined(separator: " ")) (\(code.rawValue))"
    }
}
