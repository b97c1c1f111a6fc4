import ATProtocol
import GRDB
import Logging
import Network
import Sandbox
import Synchronization
import TestSupport

@testable import LedgerStorage
@testable import Notifier

/// A keeper of what waits, stepped by hand, between a ledger and an AppView whose followers tests choose.
struct WaitingRoom {
    /// An AppView as it answers: the latest followers first, a hundred a page.
    final class AppView: HTTPClient {
        struct State {
            var followers: [DID] = []
            /// Who follows, though no list of followers shows it yet.
            var unlisted: Set<DID> = []
            var blockers: Set<DID> = []
            var refusal: HTTPResponse?
            var questions: [(method: String, at: UnixTime)] = []
        }

        let state = Mutex(State())
        private let clock: ManualClock

        init(clock: ManualClock) { self.clock = clock }

        func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
            let method = request.url.path.split(separator: ".").last.map(String.init) ?? ""
            let body = state.withLock { state -> JSONValue? in
                state.questions.append((method, clock.now()))
                guard state.refusal == nil else { return nil }
                if method == "getFollowers" {
                    let start = request.url.value(of: "cursor").flatMap { Int($0) } ?? 0
                    let page = state.followers.dropFirst(start).prefix(100)
                    var members: [String: JSONValue] = ["followers": .array(page.map { ["did": .string($0.text)] })]
                    if start + 100 < state.followers.count { members["cursor"] = .string("\(start + 100)") }
                    return .object(members)
                }
                let following = state.unlisted.union(state.followers).map(\.text)
                let blockers = state.blockers.map(\.text)
                return [
                    "relationships": .array(
                        request.url.values(of: "others").map { other in
                            var members: [String: JSONValue] = ["did": .string(other)]
                            if following.contains(other) { members["followedBy"] = "at://x" }
                            if blockers.contains(other) { members["blockedBy"] = "at://x" }
                            return .object(members)
                        }
                    )
                ]
            }
            if let body { return HTTPResponse(status: 200, body: body.encoded) }
            return state.withLock { $0.refusal } ?? HTTPResponse(status: 500)
        }

        /// When a method was asked for.
        func times(_ method: String) -> [UnixTime] {
            state.withLock { $0.questions.filter { $0.method == method }.map(\.at) }
        }

        func count(_ method: String) -> Int { times(method).count }
        func forget() { state.withLock { $0.questions = [] } }
        func change(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }
    }

    let clock = ManualClock()
    let appView: AppView
    let ledger: Ledger
    let queue: JobQueue
    let checker: AdmissionChecker
    let client: RelationshipClient
    let keeper: WaitKeeper
    let configuration: NotifierConfiguration
    private let directory: TemporaryDirectory

    init(interval: Duration = .seconds(900)) async throws {
        directory = try TemporaryDirectory()
        var configuration = try World.configuration()
        configuration.policy.recipients = .followers
        configuration.policy.followInterval = interval
        self.configuration = configuration
        appView = AppView(clock: clock)
        ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        queue = ledger.queue(Timetable(configuration))
        let context = DeliveryContext.silent(configuration, http: appView, wallClock: clock)
        client = RelationshipClient(
            configuration: configuration,
            sender: World.sender,
            http: appView,
            clock: clock,
            logger: .silent
        )
        checker = AdmissionChecker(context, ledger: ledger, client: client)
        keeper = WaitKeeper(context, ledger: ledger, checker: checker, client: client)
    }

    /// The owner of this number.
    static func owner(_ number: Int) -> DID {
        let letters = Array("abcdefghijklmnopqrstuvwxyz").map(String.init)
        return World.did("o" + [17_576, 676, 26, 1].map { letters[number / $0 % 26] }.joined())
    }

    static func owners(_ numbers: Range<Int>) -> [DID] { numbers.map(owner) }

    /// Puts requests into the ledger that were resolved just now, and queues or defers them; their rows.
    @discardableResult
    func add(_ owners: [DID], waitingFor reason: Reason? = .ownerNotFollowing) async throws -> [Int64] {
        let now = clock.now()
        let jobs = try await ledger.database.write { database in
            let first = try Int.fetchOne(database, sql: "SELECT coalesce(max(id), 0) + 1 FROM request") ?? 1
            return try owners.enumerated().map { number, owner in
                let key = "k\(first + number)"
                try database.execute(
                    sql: """
                        INSERT INTO request (uri, author, rule, rev, reference, record, witnessed, state, is_shown, due_at,
                            created_at, updated_at) VALUES (?1, ?2, 'issues', '3aaaaaaaaaaaa', ?3, '{}', 0, 'resolved', 0,
                            ?4, ?4, ?4)
                        """,
                    arguments: [
                        "at://\(World.author)/com.example.change.request/\(key)", World.author.text,
                        "at://\(owner)/com.example.project/p1", now,
                    ]
                )
                try database.execute(
                    sql: """
                        INSERT INTO job (request, owner, author, state, due_at, created_at, updated_at)
                        VALUES (?1, ?2, ?3, 'queued', ?4, ?4, ?4)
                        """,
                    arguments: [database.lastInsertedRowID, owner.text, World.author.text, now]
                )
                return database.lastInsertedRowID
            }
        }
        guard let reason else { return jobs }
        let wait = Timetable(configuration).wait(for: reason)
        _ = try await queue.apply(.admitted(.waits(reason)), to: jobs, wait: wait, now: now)
        return jobs
    }

    /// Lets the keeper do what is due until so many seconds have passed.
    func pass(_ time: Duration) async throws {
        let end = clock.now() + time
        while true {
            let wait = try await keeper.step()
            guard wait > .zero else { continue }
            guard clock.now() + wait < end else { break }
            clock.advance(wait)
        }
        clock.advance(end - clock.now())
    }

    /// Owners of whom something waits.
    func waiting() async throws -> Set<DID> { Set(try await jobs(in: .deferred).compactMap(\.owner)) }

    func jobs(in state: JobState) async throws -> [Job] { try await ledger.desk.jobs(in: state, limit: 100_000) }
}
