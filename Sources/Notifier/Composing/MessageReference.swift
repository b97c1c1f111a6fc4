public import ATProtocol
internal import Crypto

/// The word by which a message is recognised in its conversation: the same for the same change request, always.
///
/// Keyed with a secret of this ledger, so that no author can put the mark of another request into their text and make a
/// message look delivered that never was.
public struct MessageReference: Sendable {
    private let key: [UInt8]

    /// Markers of a ledger's key; an empty key gives those of a dry run.
    public init(key: [UInt8]) { self.key = key }

    /// 14 ASCII characters: `ref-` and 50 bits in base32.
    public func mark(_ uri: ATURI) -> String {
        let alphabet = Array("234567abcdefghijklmnopqrstuvwxyz".utf8)
        let digest = Digest.hmacSHA256(key: key, Array(uri.text.utf8))
        return "ref-" + String(decoding: digest.prefix(10).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }

    /// The key of the one public post that there may be about a change request for an owner.
    ///
    /// - Parameters:
    ///   - uri: the change request.
    ///   - owner: who is mentioned.
    ///   - microseconds: when the stream first saw it, since the Unix epoch.
    /// - Returns: always the same for the same request and owner.
    func recordKey(of uri: ATURI, for owner: DID, at microseconds: UInt64) -> TID {
        let digest = Digest.hmacSHA256(key: key, Array("\(uri.text) \(owner.text)".utf8))
        // The clock's ten bits alone would not keep those apart that were seen at once.
        let offset = UInt64(digest[2]) << 8 | UInt64(digest[3])
        return TID(microseconds: microseconds + offset, clock: UInt16(digest[0]) << 8 | UInt16(digest[1]))
    }
}
