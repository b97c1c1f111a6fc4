import ATProtocol
import Crypto

@testable import Firehose

/// Commits that a test signs.
struct SignedCommit {
    static let start: Int64 = 1_790_000_000_000_000

    /// A revision so many seconds after the start.
    static func rev(_ second: Int64) -> TID { TID(microseconds: UInt64(start + second * 1_000_000), clock: 1) }

    /// The tree of a number.
    static func data(_ number: Int) -> CID { CID(of: Array("tree \(number)".utf8)) }

    /// The claim of a commit to tree `number` at that second, which follows on the one before unless told otherwise.
    static func claim(
        _ number: Int,
        of did: DID,
        by key: SigningKey,
        since: TID?? = nil,
        previous: CID?? = nil,
        isSync: Bool = false
    ) throws -> ClaimedCommit {
        var members: [String: JSONValue] = [
            "did": .string(did.text), "version": 3, "rev": .string(rev(Int64(number)).text), "prev": .null,
            "data": ["$link": .string(data(number).text)],
        ]
        let signature = try key.signature(of: JSONValue.object(members).dagCBOR())
        members["sig"] = ["$bytes": .string(String(Base64.encode(signature).prefix { $0 != "=" }))]
        let commit = try RepositoryCommit(JSONValue.object(members).dagCBOR())
        let link = ClaimedCommit.Link.follows(
            rev: since ?? rev(Int64(number - 1)),
            data: previous ?? data(number - 1)
        )
        return ClaimedCommit(
            commit: commit,
            link: isSync ? .replaces : link,
            isWanted: false,
            refusal: RejectedMessage(
                host: "relay.test",
                wire: .relay,
                value: Int64(number),
                reason: .unproven,
                detail: "",
                bytes: [1, 2, 3]
            )
        )
    }
}
