internal import Crypto

/// A content identifier as this network uses it (atproto.com/specs/data-model#link-and-cid-formats).
///
/// Its version is 1, its hash function SHA-256, its codec DAG-CBOR or raw.
public struct CID: Sendable, Hashable, CustomStringConvertible {
    /// The codec of the content.
    public enum Codec: UInt8, Sendable {
        /// DAG-CBOR: records, commits, tree nodes.
        case dagCBOR = 0x71
        /// Raw bytes: blobs.
        case raw = 0x55
    }

    /// The length of the binary form in octets: version, codec, hash function, hash length, digest.
    public static let length = 36

    /// The codec of the content.
    public let codec: Codec
    // Four words instead of an array: a commit has dozens of CIDs, and they are dictionary keys.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Computes the CID of content.
    public init(of content: RawSpan, codec: Codec = .dagCBOR) {
        let digest = Digest.sha256(content)
        self.init(codec: codec, digest: digest.span)
    }

    /// Computes the CID of content.
    public init(of content: [UInt8], codec: Codec = .dagCBOR) {
        let digest = Digest.sha256(content)
        self.init(codec: codec, digest: digest.span)
    }

    /// Parses the binary form; nil unless it is exactly 36 octets in the form of this network.
    public init?(bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        self.init(bytes: bytes.span)
    }

    /// Parses the binary form; nil unless it is exactly 36 octets in the form of this network.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == Self.length, bytes[0] == 1, bytes[2] == 0x12, bytes[3] == 32,
            let codec = Codec(rawValue: bytes[1])
        else { return nil }
        self.init(codec: codec, digest: bytes.extracting(4...))
    }

    /// Parses the text form: `b` and base32.
    ///
    /// - Throws: ``SyntaxError``.
    public init(_ text: String) throws(SyntaxError) {
        guard text.utf8.count == 59, text.utf8.first == UInt8(ascii: "b"),
            let bytes = Base32.decode(text.utf8.dropFirst()), let cid = CID(bytes: bytes)
        else { throw SyntaxError("CID", text, "it is not a version 1 identifier by SHA-256 in base32") }
        self = cid
    }

    private init(codec: Codec, digest: Span<UInt8>) {
        let digest = RawSpan(_elements: digest)
        self.codec = codec
        words = (
            Self.word(digest, 0), Self.word(digest, 8), Self.word(digest, 16), Self.word(digest, 24)
        )
    }

    private static func word(_ digest: RawSpan, _ offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe digest.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The binary form.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        append(to: &bytes)
        return bytes
    }

    /// Appends the binary form.
    func append(to bytes: inout [UInt8]) {
        bytes.append(1)
        bytes.append(codec.rawValue)
        bytes.append(0x12)
        bytes.append(32)
        func append(_ word: UInt64) {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        append(words.0)
        append(words.1)
        append(words.2)
        append(words.3)
    }

    /// The text form.
    public var text: String { "b" + Base32.encode(bytes) }

    public var description: String { text }

    /// CIDs are equal when their octets are.
    public static func == (one: CID, other: CID) -> Bool { one.codec == other.codec && one.words == other.words }

    /// Hashes the whole digest, because a sender without content can choose any part of it.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
