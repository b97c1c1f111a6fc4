public import Network

/// Why a login, a lookup of an authorization server or an operation on the stored session failed; never holds a secret.
public struct OAuthFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, stable in logs and for scripts.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A request got no answer.
        public static let transport = Code(rawValue: "transport")
        /// The account's identity does not resolve.
        public static let identity = Code(rawValue: "identity")
        /// A server's metadata is missing or breaks a rule of the profile.
        public static let invalidMetadata = Code(rawValue: "server-metadata-invalid")
        /// The authorization server refused a request.
        public static let refused = Code(rawValue: "authorization-server-refused")
        /// The user said no.
        public static let denied = Code(rawValue: "access-denied")
        /// The callback is not the answer to the login that was started.
        public static let callbackMismatch = Code(rawValue: "callback-mismatch")
        /// The code came too late, or was used before.
        public static let codeExpired = Code(rawValue: "code-expired")
        /// No login was started, or more than an hour ago.
        public static let noPendingLogin = Code(rawValue: "no-pending-login")
        /// The tokens are of another account.
        public static let wrongAccount = Code(rawValue: "wrong-account")
        /// The granted scope does not allow what the daemon does.
        public static let scopeTooNarrow = Code(rawValue: "scope-too-narrow")
        /// The password was refused, or is not an app password that may send messages.
        public static let passwordRefused = Code(rawValue: "password-refused")
        /// Configuration, key file or client identity is unusable.
        public static let configuration = Code(rawValue: "configuration")
        /// The state directory or a file in it cannot be used.
        public static let storage = Code(rawValue: "storage")
        /// There is no stored session.
        public static let notLoggedIn = Code(rawValue: "not-logged-in")
        /// Another process holds the session.
        public static let busy = Code(rawValue: "session-busy")
        /// A key or signature operation failed.
        public static let crypto = Code(rawValue: "crypto")
    }

    /// What went wrong.
    public var code: Code
    /// One sentence: what happened and, where it helps, what to do.
    public var sentence: String
    /// What to do, where the sentence alone does not say it: sentences of their own.
    public var advice: String?
    /// The failure of the transport when ``code`` is ``Code/transport``.
    public var transport: HTTPFailure?

    /// A failure with these parts.
    public init(code: Code, sentence: String, advice: String? = nil, transport: HTTPFailure? = nil) {
        self.code = code
        self.sentence = sentence
        self.advice = advice
        self.transport = transport
    }

    /// The failure of a request.
    public init(_ failure: HTTPFailure) {
        self.init(code: .transport, sentence: failure.description, transport: failure)
    }

    /// A sentence for the operator.
    public var description: String {
        "\([sentence, advice].compactMap(\.self).joined(separator: " ")) (\(code.rawValue))"
    }
}
