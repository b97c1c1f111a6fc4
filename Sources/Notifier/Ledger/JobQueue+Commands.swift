internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

// What owners ask for is done in the transaction that notes that it was heard and queues the answer.
extension LedgerTransaction {
    /// Does what somebody asks for; returns the answer, nil for none.
    func heed(_ said: OwnerMessage) throws -> OwnerAnswer? {
        let owner = said.owner
        let reason = try suppressionReason(of: owner)
        let answer = try answer(to: said.command, of: owner, isStopped: reason != nil)
        // Nothing is sent to somebody who is suppressed by an operator or a block.
        return reason == nil || reason == .ownerStopped ? answer : nil
    }

    private func answer(to command: OwnerCommand?, of owner: DID, isStopped: Bool) throws -> OwnerAnswer? {
        switch command {
        case .stop:
            // It is confirmed once.
            try suppress(owner, .ownerStopped)
            return isStopped ? nil : .stopped
        case .start:
            try lift(owner, ifReason: .ownerStopped)
            return .started
        case .help: return .help
        case .status: return .status(try standing(of: owner, isStopped: isStopped))
        case .mute(let readings): return try mute(readings, of: owner)
        case .unmute(let names): return try unmute(names, of: owner)
        case .digest(let pace):
            var preferences = try preferences(of: owner)
            preferences.digest = pace
            try set(preferences, of: owner)
            return .digest(pace)
        case nil: return try needsHelp(owner) ? .notUnderstood : nil
        }
    }

    /// Mutes the projects that somebody most likely means.
    private func mute(_ readings: [OwnerCommand.Muting], of owner: DID) throws -> OwnerAnswer {
        guard let found = try projects(of: owner, calledOneOf: readings.map(\.project)) else {
            return .projectUnknown(try projects(of: owner).map(\.title))
        }
        let days = readings[found.place].days
        try mute(found.projects, of: owner, until: days.map { now + Duration.seconds(86_400 * $0) })
        return .muted(found.projects.map(\.title), days: days)
    }

    private func unmute(_ names: [String?], of owner: DID) throws -> OwnerAnswer {
        if let found = try projects(of: owner, calledOneOf: names.compactMap(\.self)) {
            return .unmuted(try unmute(found.projects, of: owner).map(\.title))
        }
        guard names.contains(nil) else { return .projectUnknown(try projects(of: owner).map(\.title)) }
        return .unmuted(try unmute(projects(of: owner), of: owner).map(\.title))
    }

    /// What waits for somebody, counted up to a limit, and their preferences.
    private func standing(of owner: DID, isStopped: Bool) throws -> OwnerStanding {
        var standing = OwnerStanding(isStopped: isStopped)
        standing.pace = try preferences(of: owner).digest
        let muted = try projects(of: owner).filter { $0.isMuted(at: now) }
        standing.muted = muted.map { project in
            .init(project: project.title, until: project.mutedUntil.flatMap { $0 == .distantFuture ? nil : $0 })
        }
        let states = [JobState.queued, .deferred, .sending, .verify]
        let rows = try database.rows(
            """
            SELECT coalesce(job.project, reference) AS project, coalesce(job.project_name, request.project_name) AS name,
                job.reason AS reason
            FROM job CROSS JOIN request ON request.id = job.request
            WHERE job.owner = \(owner) AND job.state IN \(states) LIMIT \(Self.rows + 1)
            """
        )
        standing.isMore = rows.count > Self.rows
        var numbers: [String: Int] = [:]
        for row in rows.prefix(Self.rows) {
            let reference = [ProjectReference](text: try row.get("project")).first
            // A muted request waits for nobody: it ends when its turn comes.
            guard !muted.contains(where: { $0.reference == reference?.description }) else { continue }
            let name: String? = try row.get("name")
            numbers[reference?.title(named: name) ?? "", default: 0] += 1
            if row.reason("reason")?.waits == .follow { standing.untilFollow += 1 }
        }
        standing.waiting = numbers.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { .init(project: $0.key, number: $0.value) }
        return standing
    }
}
