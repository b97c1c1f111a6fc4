internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// What is known about recipients: whether they follow the sender, and when to ask about the awaited follows.
///
/// Their preferences are in RecipientStore+Preferences. `ask_at` is set while jobs wait for the recipient's follow. In
/// a row with `follows = 1` and `ask_at`, these jobs are being woken.
public struct RecipientStore: Sendable {
    let database: LedgerDatabase

    /// The setting with the latest followers, separated by spaces.
    static let followersSetting = "latest-followers"

    /// Whether a recipient was seen to follow the sender within these times; nil when nobody asked.
    func follows(_ did: DID, in times: ClosedRange<UnixTime>) async throws(LedgerError) -> Bool? {
        let (first, last) = (times.lowerBound, times.upperBound)
        return try await database.read {
            try $0.value("SELECT follows FROM recipient WHERE did = \(did) AND asked_at BETWEEN \(first) AND \(last)")
        }
    }

    /// Stores that these accounts follow the sender, for those about whom somebody has asked.
    func follow(_ followers: [DID], now: UnixTime) async throws(LedgerError) {
        try await database.write { database in
            for did in followers {
                try database.run("UPDATE recipient SET follows = 1, asked_at = \(now) WHERE did = \(did)")
            }
        }
    }
}

extension LedgerTransaction {
    /// Whether a recipient follows the sender, by the last answer.
    func follows(_ did: DID) throws -> Bool? {
        try database.value("SELECT follows FROM recipient WHERE did = \(did) AND asked_at IS NOT NULL")
    }

    /// Stores whether a recipient follows the sender.
    func store(_ did: DID, follows: Bool) throws {
        try database.run(
            """
            INSERT INTO recipient (did, follows, asked_at) VALUES (\(did), \(follows), \(now))
            ON CONFLICT DO UPDATE SET follows = excluded.follows, asked_at = excluded.asked_at
            """
        )
    }

    /// Notes that something waits for a recipient's follow, and asks about it at that time at the latest.
    func awaitFollow(of did: DID, _ reason: Reason, at time: UnixTime) throws {
        let isUnknown = reason == .relationshipUnknown
        // The chat service knows better than our last answer.
        let isNews = isUnknown || reason == .ownerDoesNotFollow
        let (follows, askedAt) = isUnknown ? (Bool?.none, UnixTime?.none) : (false, now)
        try database.run(
            """
            INSERT INTO recipient (did, follows, asked_at, ask_at) VALUES (\(did), \(follows), \(askedAt), \(time))
            ON CONFLICT DO UPDATE SET ask_at = min(coalesce(ask_at, excluded.ask_at), excluded.ask_at),
                follows = CASE WHEN \(isNews) THEN excluded.follows ELSE follows END,
                asked_at = CASE WHEN \(isNews) THEN excluded.asked_at ELSE asked_at END
            """
        )
    }

    /// Asks about a recipient at another time; nil for never, when nothing waits for them any more.
    func ask(after did: DID, at time: UnixTime?) throws {
        try database.run("UPDATE recipient SET ask_at = \(time) WHERE did = \(did) AND ask_at IS NOT NULL")
    }

    /// Asks sooner about some recipients whose wait is longer than the longest allowed; returns how many.
    @discardableResult
    func hastenQuestions(atMost limit: Int) throws -> Int {
        let next = now + timetable.follow
        var room = limit
        for follows in [nil, false, true] as [Bool?] {
            try database.run(
                """
                UPDATE recipient SET ask_at = \(next) WHERE did IN
                    (SELECT did FROM recipient WHERE follows IS \(follows) AND ask_at > \(next) LIMIT \(room))
                """
            )
            room -= database.changesCount
        }
        return limit - room
    }
}
