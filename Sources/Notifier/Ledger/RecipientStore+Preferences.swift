public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

// What recipients want. A command beside the daemon changes it in the same way as their own words.
extension RecipientStore {
    /// How a recipient's wishes differ from the configuration.
    public func preferences(of did: DID) async throws(LedgerError) -> Preferences {
        try await database.read { try LedgerTransaction($0).preferences(of: did) }
    }

    /// Changes a recipient's preferences, all or nothing; jobs that waited because of the old ones get their turn.
    ///
    /// - Parameters:
    ///   - did: the recipient.
    ///   - mute: the name of a project to mute; nil for none.
    ///   - end: until when; nil for good.
    ///   - unmute: the name of a project to unmute, or `all`; nil for none.
    ///   - now: the time.
    ///   - change: changes the other preferences.
    /// - Returns: a name that fits none of their projects, for which nothing was changed; nil when everything was.
    /// - Throws: ``LedgerError``.
    @discardableResult
    public func change(
        _ did: DID,
        mute: String? = nil,
        until end: UnixTime? = nil,
        unmute: String? = nil,
        now: UnixTime,
        _ change: @escaping @Sendable (inout Preferences) -> Void
    ) async throws(LedgerError) -> String? {
        try await database.transaction(at: now) { transaction in
            let muted = try mute.map { try transaction.projects(of: did, called: $0) } ?? []
            if let mute, muted.isEmpty { return mute }
            var unmuted: [KnownProject] = []
            if let unmute {
                let isAll = unmute == "all"
                unmuted = try isAll ? transaction.projects(of: did) : transaction.projects(of: did, called: unmute)
                guard isAll || !unmuted.isEmpty else { return unmute }
            }
            var preferences = try transaction.preferences(of: did)
            change(&preferences)
            try transaction.set(preferences, of: did)
            try transaction.mute(muted, of: did, until: end)
            _ = try transaction.unmute(unmuted, of: did)
            return nil
        }
    }

    /// The projects that a recipient was to be told of, the latest first.
    public func projects(of did: DID) async throws(LedgerError) -> [KnownProject] {
        try await database.read { try LedgerTransaction($0).projects(of: did) }
    }

    /// Whether a recipient has muted a project.
    func isMuted(_ project: ProjectReference?, for did: DID, now: UnixTime) async throws(LedgerError) -> Bool {
        try await database.read { try LedgerTransaction($0, now: now).isMuted(project, for: did) }
    }
}

extension LedgerTransaction {
    func preferences(of did: DID) throws -> Preferences {
        var preferences = Preferences()
        guard let row = try database.row("SELECT * FROM preference WHERE owner = \(did)") else { return preferences }
        let window: Double? = try row.get("digest")
        preferences.digest = DigestPace.allCases.first { $0.window.inSeconds == window }
        preferences.hourlyLimit = try row.get("hourly")
        preferences.dailyLimit = try row.get("daily")
        preferences.mention = try row.get("mention")
        return preferences
    }

    /// Stores a recipient's preferences; jobs that waited because of the old ones get their turn.
    func set(_ preferences: Preferences, of did: DID) throws {
        if preferences == Preferences() {
            try database.run("DELETE FROM preference WHERE owner = \(did)")
        } else {
            try database.run(
                """
                INSERT OR REPLACE INTO preference (owner, digest, hourly, daily, mention, changed_at)
                VALUES (\(did), \(preferences.digest?.window), \(preferences.hourlyLimit), \(preferences.dailyLimit),
                    \(preferences.mention), \(now))
                """
            )
        }
        try resumeQueue(of: did)
    }

    /// Those of these owners who agreed to mentions, with all who have agreed since, and without those who no longer
    /// do.
    func mentioned(of owners: Set<DID>) throws -> Set<DID> {
        var owners = owners
        for row in try database.rows("SELECT owner, mention FROM preference WHERE mention IS NOT NULL") {
            let owner = try DID(row.get("owner"))
            if try row.get("mention") { owners.insert(owner) } else { owners.remove(owner) }
        }
        return owners
    }

    /// Notes that a recipient is to be told of a project.
    func note(_ project: ProjectReference, named name: String?, of did: DID) throws {
        try database.run(
            """
            INSERT INTO project (owner, uri, name, seen_at) VALUES (\(did), \(project.description), \(name), \(now))
            ON CONFLICT DO UPDATE SET name = coalesce(excluded.name, name), seen_at = excluded.seen_at
            """
        )
    }

    /// The most projects of a recipient that are remembered by name.
    private static let maximumProjects = 500

    func projects(of did: DID) throws -> [KnownProject] {
        try database.rows(
            "SELECT * FROM project WHERE owner = \(did) ORDER BY seen_at DESC, uri LIMIT \(Self.maximumProjects)"
        ).map(KnownProject.init(row:))
    }

    /// A recipient's projects with this name; several may have the same.
    func projects(of did: DID, called name: String) throws -> [KnownProject] {
        try projects(of: did, calledOneOf: [name])?.projects ?? []
    }

    /// The first of these names that fits projects of theirs, and these projects.
    ///
    /// All exact matches come first: “app 3” does not mean “app-3” when there is an “app”. The writer decides how many
    /// names there are to try, so the projects' names are computed once.
    func projects(of did: DID, calledOneOf names: [String]) throws -> (place: Int, projects: [KnownProject])? {
        let projects = try names.isEmpty ? [] : projects(of: did)
        for isExact in [true, false] {
            let known = projects.map { (project: $0, names: $0.names(isExact: isExact)) }
            for (place, name) in names.enumerated() {
                let name = KnownProject.name(name, isExact: isExact)
                let meant = known.filter { !name.isEmpty && $0.names.contains(name) }.map(\.project)
                if !meant.isEmpty { return (place, meant) }
            }
        }
        return nil
    }

    func isMuted(_ project: ProjectReference?, for did: DID) throws -> Bool {
        guard let project = project?.description else { return false }
        return try database.exists(
            "SELECT 1 FROM project WHERE owner = \(did) AND uri = \(project) AND muted_until > \(now)"
        )
    }

    /// Mutes projects for a recipient, until a time or for good, and calls off a batch of waiting jobs.
    ///
    /// The other jobs end when their turn comes.
    func mute(_ projects: [KnownProject], of did: DID, until: UnixTime?) throws {
        guard !projects.isEmpty else { return }
        let end = until ?? .distantFuture
        for project in projects {
            let uri = project.reference
            try database.run("UPDATE project SET muted_until = \(end) WHERE owner = \(did) AND uri = \(uri)")
        }
        let jobs: [Int64] = try database.values(
            """
            SELECT id FROM (SELECT id, project FROM job WHERE owner = \(did) AND state IN \(JobState.open) LIMIT \(Self.rows))
            WHERE project IN \(projects.map(\.reference)) LIMIT \(Self.batch)
            """
        )
        for job in jobs { try apply(.calledOff(.projectMuted), toJob: job) }
    }

    /// Unmutes projects for a recipient; returns those that were muted.
    func unmute(_ projects: [KnownProject], of did: DID) throws -> [KnownProject] {
        let muted = projects.filter { $0.isMuted(at: now) }
        for project in muted {
            let uri = project.reference
            try database.run("UPDATE project SET muted_until = NULL WHERE owner = \(did) AND uri = \(uri)")
        }
        return muted
    }
}
