/// A problem with a session.
public struct SessionProblem: Sendable, Equatable {
    /// The reason; stable in logs and metrics.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// There is no session file.
        public static let neverLoggedIn = Reason(rawValue: "never-logged-in")
        /// The server has proven that it ended the session.
        public static let tokenDead = Reason(rawValue: "token-dead")
        /// A process spent the refresh token and died before it could store the next one.
        public static let lostInCrash = Reason(rawValue: "lost-in-crash")
        /// The PDS refuses new tokens.
        public static let tokenRefused = Reason(rawValue: "token-refused")
        /// The server says that the session, or its refresh token, has expired.
        public static let sessionEnded = Reason(rawValue: "session-ended")
        /// The granted scope does not allow the chat calls.
        public static let scope = Reason(rawValue: "scope")
        /// New tokens belong to another account, are not bound to the key, or lack the base scope.
        public static let wrongSubject = Reason(rawValue: "wrong-subject")
        /// The account has moved to another authorization server.
        public static let migrated = Reason(rawValue: "migrated")
        /// The app password was rejected, or is missing.
        public static let passwordRefused = Reason(rawValue: "password-refused")
        /// The authorization server refuses the refresh token in words that prove nothing.
        public static let refreshRefused = Reason(rawValue: "refresh-refused")
        /// There is no token endpoint at the URL in the authorization server's metadata.
        public static let endpointGone = Reason(rawValue: "token-endpoint-gone")
        /// The authorization server refuses without a known reason.
        public static let unrecognizedRefusal = Reason(rawValue: "refused-without-reason")
        /// The stored session belongs to another account than the configured one.
        public static let otherAccount = Reason(rawValue: "other-account")
        /// The stored session belongs to another client or kind than the configured one.
        public static let otherClient = Reason(rawValue: "other-client")
        /// The stored session belongs to another client key than the configured one.
        public static let otherKey = Reason(rawValue: "other-client-key")
        /// The tokens are bound to another key than the stored one.
        public static let keyBinding = Reason(rawValue: "key-binding")
        /// The authorization server does not accept the client's key or ID.
        public static let clientRefused = Reason(rawValue: "client-refused")
        /// A server rejects the proofs: it sees another URL, method or token type than we sent.
        public static let proofRefused = Reason(rawValue: "proof-refused")
        /// The app password does not allow direct messages.
        public static let notPrivileged = Reason(rawValue: "app-password-without-messages")
        /// The session file is corrupt, readable by others, owned by another user, or cannot be decrypted.
        public static let fileUnusable = Reason(rawValue: "session-file-unusable")
        /// A key or password file cannot be used.
        public static let credentials = Reason(rawValue: "credentials-unusable")
        /// The response to a refresh has status 200 but no usable tokens.
        public static let unusableAnswer = Reason(rawValue: "unusable-answer")
        /// A server asks for a nonce repeatedly.
        public static let nonce = Reason(rawValue: "nonce")
        /// A server rejects our time, even corrected by its own.
        public static let clock = Reason(rawValue: "clock")
        /// The authorization server cannot fetch the hosted client metadata.
        public static let clientMetadata = Reason(rawValue: "client-metadata-unavailable")
        /// A refresh was sent and there was no response.
        public static let ambiguous = Reason(rawValue: "refresh-outcome-unknown")
        /// The PDS could not start a session with the app password.
        public static let signInUnavailable = Reason(rawValue: "sign-in-unavailable")
        /// The server cannot be reached; nothing was sent.
        public static let unreachable = Reason(rawValue: "unreachable")
        /// The server limits the rate of requests.
        public static let rateLimited = Reason(rawValue: "rate-limited")
        /// The store cannot be written, so no token is spent.
        public static let storage = Reason(rawValue: "storage")
        /// New tokens are in memory only, because they could not be written.
        public static let unsaved = Reason(rawValue: "rotated-token-unsaved")
        /// Another process holds the session's lock.
        public static let lockBusy = Reason(rawValue: "session-lock-busy")
        /// The account is taken down or deactivated.
        public static let account = Reason(rawValue: "account-inactive")
    }

    public var reason: Reason
    /// What was seen, as a clause.
    public var detail: String

    public init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}
