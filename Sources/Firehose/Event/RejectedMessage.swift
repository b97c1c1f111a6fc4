public import ATProtocol

/// A message, or one record of a message, that could not be understood: kept to be looked at, never in the way.
public struct RejectedMessage: Sendable, Equatable {
    /// Why it was rejected, stable in logs and metrics.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A reason of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Not JSON, or JSON of the wrong shape.
        public static let malformed = Reason(rawValue: "malformed-message")
        /// A field holds text that is no DID, collection or record key.
        public static let invalidSyntax = Reason(rawValue: "invalid-syntax")
        /// Larger than any message the protocol allows.
        public static let tooLarge = Reason(rawValue: "message-too-large")
        /// The bytes are not what the commit signed says they are.
        public static let unproven = Reason(rawValue: "proof-failed")
        /// The commit's revision is more than five minutes in the future.
        public static let futureRevision = Reason(rawValue: "revision-in-future")

        /// The reason as a clause for an operator.
        public var sentence: String {
            switch self {
            case .malformed: "it is not an event that can be read"
            case .invalidSyntax: "it names an account, a collection, a record or a revision that cannot exist"
            case .tooLarge: "it is larger than an event may be"
            case .unproven: "the account's signature does not fit it"
            case .futureRevision: "its revision is more than five minutes in the future"
            default: rawValue
            }
        }
    }

    /// The most bytes that are kept of a message.
    public static let maximumBytes = 64 << 10

    /// Where it came from.
    public var host: String
    /// The wire it came by.
    public var wire: StreamWire
    /// Its position, when that much could be read.
    public var value: Int64?
    /// Whose it claims to be, when that much could be read.
    public var account: DID?
    /// Why.
    public var reason: Reason
    /// One clause: what is wrong with it.
    public var detail: String
    /// The message as received, cut to ``maximumBytes``.
    public var bytes: [UInt8]

    /// A message with these parts; the bytes are cut here.
    public init(
        host: String,
        wire: StreamWire,
        value: Int64?,
        account: DID? = nil,
        reason: Reason,
        detail: String,
        bytes: [UInt8]
    ) {
        self.host = host
        self.wire = wire
        self.value = value
        self.account = account
        self.reason = reason
        self.detail = detail
        self.bytes = bytes.count > Self.maximumBytes ? Array(bytes.prefix(Self.maximumBytes)) : bytes
    }

    init(
        host: String,
        wire: StreamWire,
        value: Int64?,
        account: DID?,
        reason: Reason,
        detail: String,
        borrowing bytes: RawSpan
    ) {
        let kept = unsafe bytes.withUnsafeBytes { unsafe Array($0.prefix(Self.maximumBytes)) }
        self.init(
            host: host,
            wire: wire,
            value: value,
            account: account,
            reason: reason,
            detail: detail,
            bytes: kept
        )
    }
}
