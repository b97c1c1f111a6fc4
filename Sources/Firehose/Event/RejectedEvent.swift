public import ATProtocol

/// A message, or one record in it, that could not be understood; it is kept for inspection, and reading goes on.
public struct RejectedEvent: Sendable, Equatable {
    /// Why a message was rejected; stable in logs and metrics.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The message is not JSON or CBOR, or does not have the expected shape.
        public static let malformed = Reason(rawValue: "malformed-message")
        /// A field is not a valid DID, collection or record key.
        public static let invalidSyntax = Reason(rawValue: "invalid-syntax")
        /// The message is larger than the protocol allows.
        public static let tooLarge = Reason(rawValue: "message-too-large")
        /// The content does not match the signed commit.
        public static let unproven = Reason(rawValue: "proof-failed")
        /// The commit's revision is more than five minutes in the future.
        public static let futureRevision = Reason(rawValue: "revision-in-future")

        /// The reason as a clause for the operator.
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

    /// How many bytes of a message are kept.
    public static let maximumBytes = 64 << 10

    /// The host that sent it.
    public var host: String
    /// The wire protocol of the host.
    public var wire: StreamWire
    /// Its position, if it could be read.
    public var value: Int64?
    /// The account that it claims to be from, if it could be read.
    public var account: DID?
    /// Why it was rejected.
    public var reason: Reason
    /// What is wrong with it, as a clause.
    public var detail: String
    /// What was received, cut to ``maximumBytes``.
    public var bytes: [UInt8]

    /// A message with these parts; cuts the bytes to the limit.
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
