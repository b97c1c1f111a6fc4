package import Backfill
internal import GRDB
public import LedgerStorage
public import Network

/// The figures that people look at first; each is found by an index, however large the ledger is.
public struct LedgerOverview: Sendable, Equatable {
    /// The figures of one hour.
    public struct Hour: Sendable, Equatable {
        /// Its beginning.
        public var from: UnixTime
        /// Requests that were seen for the first time, or in another version that is judged anew.
        public var requests: Int
        /// Messages about requests that were begun.
        public var messages: Int
        /// Answers to what people wrote, begun or still to be sent.
        public var answers = 0
    }

    /// How many jobs, or requests without a job, have one state for one reason.
    public struct Standing: Sendable, Equatable {
        public var state: JobState
        /// The reason; nil for none.
        public var reason: Reason?
        /// How many.
        public var number: Int
    }

    /// Twenty-four hours, the oldest first; the last one is not complete.
    public var hours: [Hour] = []
    /// Everything that was not deleted, the largest numbers first.
    public var standing: [Standing] = []
    /// What was told, was refused or needs a decision, the latest first.
    public var outcomes: [Job] = []
    /// What became of each rule's requests in seven days, by the rule's name.
    public var rules: [String: RuleTally] = [:]
    /// The oldest gaps that must still be swept.
    package var gaps: [OpenGap] = []
    /// How many gaps must still be swept, up to a thousand.
    public var openGaps = 0
    /// How many gaps were given up within a day, among the last thousand.
    public var gapsGivenUp = 0

    /// An overview of an empty ledger.
    public init() {}
}

extension Ledger {
    /// The most outcomes, and gaps, in an overview.
    private static let shown = (outcomes: 20, gaps: 5)

    /// The present overview.
    public func overview(at now: UnixTime) async throws(LedgerError) -> LedgerOverview {
        var overview = LedgerOverview()
        overview.rules = try await desk.tallies(since: now - RuleTally.week)
        overview.gaps = try await stream.openGaps(atMost: Self.shown.gaps)
        (overview.openGaps, overview.gapsGivenUp) = try await stream.gapCounts(since: now - .seconds(86_400))
        // In separate reads, so that the daemon's own work can come between.
        overview.hours = try await database.read { try $0.hours(until: now) }
        overview.outcomes = try await database.read { try $0.outcomes(atMost: Self.shown.outcomes) }
        overview.standing = try await database.read { try $0.tally() }
            .sorted { ($1.number, $0.state.rawValue) < ($0.number, $1.state.rawValue) }
        return overview
    }
}

extension Database {
    fileprivate func hours(until now: UnixTime) throws -> [LedgerOverview.Hour] {
        let hour: Int64 = 3_600_000_000
        let current = now.microseconds / hour * hour
        let starts = (0..<24).map { UnixTime(microseconds: current - Int64(23 - $0) * hour) }
        let states = [RequestMachine.State.lookup, .resolved, .dropped].map { state -> SQL in "state = \(state) AND" }
        let requests = try counts(of: "request", from: starts, states)
        let messages = try counts(of: "message", from: starts, [""])
        // These words must match the index on answers.
        let answers = try counts(of: "message", from: starts, ["kind <> 'notice' AND"])
        return starts.indices.map { hour in
            LedgerOverview.Hour(
                from: starts[hour],
                requests: requests[hour],
                messages: messages[hour] - answers[hour],
                answers: answers[hour]
            )
        }
    }

    /// The number of a table's rows in the hour from each of these times on.
    ///
    /// Each row is of one of the kinds, and each kind has an index, so that only indices are read. Row numbers cannot
    /// be used: a request that is written again keeps its own.
    private func counts(of table: SQL, from starts: [UnixTime], _ kinds: [SQL]) throws -> [Int] {
        try starts.map { start in
            let end = start + .seconds(3600)
            var sum = 0
            for kind in kinds {
                let time: SQL = "created_at >= \(start) AND created_at < \(end)"
                let count: Int? = try value("SELECT count(*) FROM \(table) WHERE \(kind) \(time)")
                sum += count ?? 0
            }
            return sum
        }
    }

    /// What has ended, the latest first.
    fileprivate func outcomes(atMost limit: Int) throws -> [Job] {
        let ended = JobState.allCases.filter(\.isFinal).map { state -> SQL in
            "SELECT * FROM (SELECT id FROM job WHERE state = \(state) ORDER BY updated_at DESC LIMIT \(limit))"
        }
        let refused: SQL = """
            SELECT id FROM request WHERE state = \(RequestMachine.State.dropped) AND is_shown
            ORDER BY updated_at DESC LIMIT \(limit)
            """
        let found =
            try rows("\(Job.selection) WHERE job.id IN (\(ended.joined(separator: " UNION ALL ")))")
            + rows("\(Job.requests) WHERE request.id IN (\(refused))")
        return try Array(
            found.map(Job.init(row:)).sorted { ($1.updatedAt, $1.request) < ($0.updatedAt, $0.request) }.prefix(limit)
        )
    }
}
