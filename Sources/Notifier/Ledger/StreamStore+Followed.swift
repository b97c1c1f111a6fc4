internal import ATProtocol
internal import Firehose
internal import GRDB
internal import LedgerStorage
internal import Network

/// Since when each rule follows each of its collections; older records are no news to anybody.
///
/// This matters because a host may begin earlier than it was asked to, and a sweep looks back by a day.
struct FollowedCollections: Sendable, Equatable {
    /// A collection or namespace of a rule.
    struct Key: Hashable, Sendable {
        let rule: String
        let pattern: CollectionPattern

        /// Whether one of two patterns of a rule covers the other.
        func meets(_ other: Key) -> Bool {
            rule == other.rule && (pattern.covers(other.pattern) || other.pattern.covers(pattern))
        }
    }

    /// When the rules began; a missing time stands for long ago.
    fileprivate(set) var beginnings: [Key: UnixTime] = [:]

    /// When the first of some rules began to follow a collection; nil for long ago.
    func beginning(_ rules: [Rule], _ collection: NSID) -> UnixTime? {
        let names = Set(rules.map(\.name))
        return beginnings.filter { names.contains($0.key.rule) && $0.key.pattern.matches(collection) }.values.min()
    }

    /// Lowers beginnings that a clock that was ahead has dated too late; returns whether any changed.
    mutating func lower(to time: UnixTime, from latest: UnixTime) -> Bool {
        guard beginnings.values.contains(where: { $0 > latest }) else { return false }
        beginnings = beginnings.mapValues { $0 > latest ? min($0, time) : $0 }
        return true
    }
}

extension StreamStore {
    /// Notes which collections rules follow now, and returns since when.
    ///
    /// A new collection is followed from where the stream goes on; at a first start, from a margin before now. A
    /// renamed rule keeps its beginning. A rule whose namespace grows or shrinks keeps its beginning for what it
    /// already followed.
    func follow(_ rules: [Rule], margin: Duration, now: UnixTime) async throws(LedgerError) -> FollowedCollections {
        try await database.write { database in
            let reached: [Int64] = try database.values(
                "SELECT witnessed FROM position WHERE value > 0 OR NOT EXISTS (SELECT 1 FROM position WHERE value > 0)"
            )
            // A time ahead of the clock comes from a clock that was wrong.
            let read = reached.filter { $0 <= now.microseconds }.max()
            let start = UnixTime(microseconds: read ?? (now - margin).microseconds)
            var known: [FollowedCollections.Key: UnixTime] = [:]
            for row in try database.rows("SELECT * FROM followed") {
                guard let pattern = try? CollectionPattern(row.get("pattern")) else { continue }
                let key = FollowedCollections.Key(rule: try row.get("rule"), pattern: pattern)
                let since = UnixTime(microseconds: try row.get("since"))
                known[key] = since > now ? min(since, start) : since
            }
            // A ledger of the previous version has followed all of them.
            let isInherited = try known.isEmpty && database.exists("SELECT 1 FROM position WHERE value > 0")
            let wanted = rules.flatMap { rule in
                rule.collections.map { FollowedCollections.Key(rule: rule.name, pattern: $0) }
            }
            let names = Set(wanted.map(\.rule))
            var followed = FollowedCollections()
            for key in wanted {
                let renamed = known.filter { $0.key.pattern == key.pattern && !names.contains($0.key.rule) }.values
                    .min()
                let since = known[key] ?? renamed ?? (isInherited ? UnixTime(microseconds: 0) : start)
                followed.beginnings[key] = since
            }
            for (key, since) in known where wanted.contains(where: { $0.meets(key) }) {
                followed.beginnings[key] = since
            }
            try database.run("DELETE FROM followed")
            for (key, since) in followed.beginnings {
                try database.run(
                    """
                    INSERT INTO followed (rule, pattern, since)
                    VALUES (\(key.rule), \(key.pattern.text), \(since.microseconds))
                    """
                )
            }
            return followed
        }
    }
}

extension LedgerTransaction {
    /// How many of the last requests are checked: a clock that is ahead makes a ledger refuse its first ones.
    private static let recent = 1000

    /// Corrects beginnings that a clock that was ahead has dated too late, and judges anew what was refused for them.
    func lowerBeginnings(to time: UnixTime, from latest: UnixTime) throws {
        try database.run(
            "UPDATE followed SET since = min(since, \(time.microseconds)) WHERE since > \(latest.microseconds)"
        )
        let first = TID(microseconds: UInt64(max(0, time.microseconds)), clock: 0).text
        let refused: [Int64] = try database.values(
            """
            SELECT id FROM request WHERE id > (SELECT max(id) FROM request) - \(Self.recent)
                AND state = \(RequestMachine.State.dropped) AND reason = \(Reason.recordBeforeRule) AND rev >= \(first)
            ORDER BY id LIMIT \(Self.batch)
            """
        )
        let note = Attempt(.input, outcome: "looked at anew", detail: "the clock by which it was too old was ahead")
        for request in refused { try apply(.reopened(nil), toRequest: request, note) }
    }
}
