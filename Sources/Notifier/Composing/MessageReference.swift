public import ATProtocol
internal import Crypto
public import Network

/// The marks by which a message is recognised in its conversation: one for each change request, always the same.
///
/// A mark is keyed with a secret of this ledger. So no author can put the mark of another request into their text, and
/// make that request look delivered although it was not.
public struct MessageReference: Sendable {
    private let key: [UInt8]
    private let madeAt: UnixTime

    /// Marks made with a key and its date; an empty key is for dry runs.
    public init(key: [UInt8], madeAt: UnixTime = .distantPast) {
        self.key = key
        self.madeAt = madeAt
    }

    /// Whether a request seen at a time may have been told with marks of an earlier key.
    func isYounger(than witnessed: UnixTime) -> Bool { witnessed < madeAt }

    /// 10 ASCII characters: 50 bits in base32.
    public func mark(_ uri: ATURI) -> String { mark(uri.text) }

    /// The mark of the answer to a message, by the id that the chat service gave it.
    func mark(answering message: String) -> String { mark("answer \(message)") }

    private func mark(_ text: String) -> String {
        let digest = Digest.hmacSHA256(key: key, Array(text.utf8))
        return String(decoding: digest.prefix(10).map { Self.alphabet[Int($0 & 31)] }, as: UTF8.self)
    }

    private static let alphabet = Array("234567abcdefghijklmnopqrstuvwxyz".utf8)

    /// The names of the told requests as they stand in a message: `ref-a.b.c`, in brackets at its very end.
    static func reference(_ marks: [String]) -> String { "ref-" + marks.joined(separator: ".") }

    /// The marks of the requests that a message tells of, from the bracket at its very end; empty without one.
    ///
    /// Only we write there: our footer follows the author's words.
    static func marks(in text: String) -> [String] {
        let bytes = Array(text.utf8)
        guard bytes.last == UInt8(ascii: "]"), let start = bytes.lastIndex(of: UInt8(ascii: "[")) else { return [] }
        let inside = bytes[(start + 1)...].dropLast()
        guard inside.starts(with: "ref-".utf8) else { return [] }
        let marks = inside.dropFirst(4).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard marks.allSatisfy({ !$0.isEmpty && $0.allSatisfy(alphabet.contains) }) else { return [] }
        return marks.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The record key of the public post about a change request for an owner; there is at most one such post.
    ///
    /// - Parameters:
    ///   - uri: the change request.
    ///   - owner: who is mentioned.
    /// - Returns: always the same key for the same request and owner, whichever way the request came.
    func recordKey(of uri: ATURI, for owner: DID) -> TID {
        let digest = Digest.hmacSHA256(key: key, Array("\(uri.text) \(owner.text)".utf8))
        let offset = digest[2..<7].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return TID(microseconds: Self.firstKey + offset, clock: UInt16(digest[0]) << 8 | UInt16(digest[1]))
    }

    /// The first such key: 2024-01-01, in microseconds since the Unix epoch; the keys do not say when a post was made.
    private static let firstKey: UInt64 = 1_704_067_200_000_000
}
