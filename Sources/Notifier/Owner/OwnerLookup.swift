internal import ATProtocol
internal import Network
internal import Synchronization

/// Finds the owner of the project that a change request refers to, and the project's name.
///
/// It goes from reference to reference, then to the owner as the rule says. Nothing that the request's author wrote
/// decides who the owner is (invariant 6). Every host except the index was chosen by a stranger, and is treated so
/// (invariant 7).
final class OwnerLookup: Sendable {
    /// What a look-up found out about one project.
    struct Finding: Sendable, Equatable {
        /// The project; nil when the look-up did not reach it.
        var project: ProjectReference?
        /// Its owner; nil when unknown.
        var owner: DID?
        /// Its name; nil when unknown.
        var projectName: String?
        /// The references by which records name it, as far as its owner's record confirms them; handles are replaced by
        /// DIDs.
        var names: [ProjectReference] = []
        /// The records on the way to it, the nearest to the request first.
        var thread: [ATURI] = []
        /// What failed; nil for a complete answer.
        var failure: LookupError?
        /// What was done, one clause each.
        var steps: [String] = []
    }

    let records: RecordReader
    let index: IndexClient
    let wallClock: any WallClock
    let confirmations: any Confirmations
    /// The people whom indexes named, by question.
    let answers = Mutex(RecordMemory<String, [DID]>(capacity: 100, lifetime: OwnerLookup.answerLifetime))

    /// How long an index's answer about collaborators is believed.
    private static let answerLifetime = Duration.seconds(600)
    /// How long a look-up may take in all; what is missing is looked up later, so that others get their turn.
    static let longestLookup = Duration.seconds(30)
    /// The end of it, in which nothing new is begun: the question under way may end, and what was found counts.
    private static let lastQuestion = Duration.seconds(5)
    private static let firstPart = longestLookup - lastQuestion
    /// The failure of what was not found in this time.
    static func tookTooLong(_ time: Duration) -> LookupError {
        LookupError(.project, .projectUnavailable, "the look-up took longer than \(time.wholeSeconds) s")
    }

    init(
        configuration: LookupConfiguration,
        identities: any IdentityResolving,
        strangers: GuardedClient,
        confirmations: any Confirmations,
        wallClock: any WallClock
    ) {
        records = RecordReader(
            allowsLoopback: configuration.allowsLoopback,
            identities: identities,
            strangers: strangers
        )
        index = IndexClient(http: strangers)
        self.confirmations = confirmations
        self.wallClock = wallClock
    }

    /// The owners of the projects that a request's references lead to, each project once.
    ///
    /// No more owners are named than the rule allows projects. Even when references branch widely, at most twice as
    /// many ends are looked at. `isFresh` bypasses the caches.
    func find(_ references: [ProjectReference], of request: ATURI, rule: Rule, isFresh: Bool) async -> [Finding] {
        var findings: [Finding] = []
        var (owners, told) = (Set<DID>(), Set<DID>())
        var room = rule.maximumProjects * 2
        let trail = Trail(rule: rule, visited: [request], isFresh: isFresh, deadline: .now + Self.firstPart)
        for reference in references {
            // Another project of an owner who is told already.
            if let owner = rule.apparentOwner(of: reference), told.contains(owner) { continue }
            for var finding in await follow(reference, trail, &room) {
                if let owner = finding.owner {
                    if owners.count < rule.maximumProjects { owners.insert(owner) }
                    if !owners.contains(owner) { finding = Finding(failure: rule.aboveLimit) }
                    if finding.failure == nil { told.insert(owner) }
                }
                guard !findings.contains(where: { $0.isOf(finding) }) else { continue }
                findings.append(finding)
            }
        }
        return findings
    }

    /// A record with its authority as a DID, read now.
    func fetch(_ uri: ATURI) async throws(LookupError) -> (ATURI, JSONValue) {
        let did = try await records.did(of: uri)
        guard let collection = uri.collection, let key = uri.recordKey else {
            throw LookupError(.input, .referenceWithoutRecord, uri.text)
        }
        let home = try await records.home(of: did, isFresh: true)
        return (ATURI(did, collection, key), try await records.wholeRecord(uri, at: home))
    }

    /// The verified handle of an account; nil when it takes too long, because nobody should wait for a name.
    func name(of did: DID, within limit: Duration = .seconds(3)) async -> String? {
        await records.handle(of: did, within: limit)
    }

    /// Forgets what is remembered of an account or a record, because the stream told of a change.
    func forget(_ remembered: Remembered) async {
        switch remembered {
        case .account(let did): await records.forget(did)
        case .record(let uri):
            records.forget(uri)
            await confirmations.date(uri, to: wallClock.now() - Confirmation.lifetime)
        }
    }

    // MARK: from reference to reference

    /// How far a look-up has come.
    struct Trail {
        let rule: Rule
        var hops = 0
        var visited: [ATURI]
        let isFresh: Bool
        let deadline: ContinuousClock.Instant
        var steps: [String] = []
        /// The records on the way, by DID.
        var thread: [ATURI] = []
    }

    private func follow(_ reference: ProjectReference, _ trail: Trail, _ room: inout Int) async -> [Finding] {
        var finding = Finding(thread: trail.thread, steps: trail.steps)
        do throws(LookupError) {
            guard room > 0 else { throw trail.rule.aboveLimit }
            guard .now < trail.deadline else { throw Self.tookTooLong(Self.firstPart) }
            switch trail.rule.meaning(of: reference, behind: trail.hops) {
            case .hop(let uri, let number): return try await follow(uri, through: number, trail, &room)
            case .refused(let refusal): throw LookupError(.input, .refused(refusal))
            case .project(let uri):
                finding.project = reference
                try await readProject(uri, trail, into: &finding)
            case .account(let did):
                finding.project = reference
                finding.names = [reference]
                try await checkPerson(did, trail.rule, isFresh: trail.isFresh)
                finding.owner = did
                finding.projectName = await name(of: did)
            case .indexed(let index): try await confirm(reference, index, trail, into: &finding)
            }
        } catch {
            finding.failure = error
        }
        room -= 1
        return [finding]
    }

    private func follow(
        _ uri: ATURI,
        through hop: Int,
        _ trail: Trail,
        _ room: inout Int
    ) async throws(LookupError) -> [Finding] {
        guard !trail.visited.contains(uri) else {
            throw LookupError(.project, .referenceCircular, "\(uri) comes twice")
        }
        let reading: (value: JSONValue, did: DID)
        do { reading = try await read(uri, trail) } catch {
            guard error.verdict.reason == .projectNotFound else { throw error }
            throw LookupError(.project, .projectNotFound, "\(uri) does not exist")
        }
        let record = reading.value
        var next = trail
        next.hops = hop + 1
        next.visited.append(uri)
        if let collection = uri.collection, let key = uri.recordKey {
            next.thread.append(ATURI(reading.did, collection, key))
        }
        switch trail.rule.references(in: record, behind: next.hops) {
        case .failure(let refusal):
            let detail = "in \(uri): \(refusal.detail); it is \(record.shape)"
            throw LookupError(.project, refusal.reason, detail)
        case .success(let all):
            let (references, leftOut) = trail.rule.selection(of: all, behind: next.hops)
            next.steps.append("\(uri) refers to \(references.map(\.description).joined(separator: ", "))")
            var findings: [Finding] = []
            for reference in references { findings += await follow(reference, next, &room) }
            if leftOut > 0 { findings.append(Finding(failure: trail.rule.aboveLimit)) }
            return findings
        }
    }

    func read(_ uri: ATURI, _ trail: Trail) async throws(LookupError) -> (value: JSONValue, did: DID) {
        let did = try await records.did(of: uri)
        let home = try await records.home(of: did, isFresh: trail.isFresh)
        return (try await records.record(uri, at: home, isFresh: trail.isFresh), did)
    }

    // MARK: from the project to its owner

    private func readProject(_ uri: ATURI, _ trail: Trail, into finding: inout Finding) async throws(LookupError) {
        let authority = try await records.did(of: uri)
        // By its DID, because the handle may belong to somebody else later, and the next request may use another form.
        if let collection = uri.collection, let key = uri.recordKey {
            let project = ProjectReference.record(ATURI(authority, collection, key))
            (finding.project, finding.names) = (project, [project])
        }
        let home: RecordReader.Home
        // The record that decides is read anew where one that only gives a name is not.
        var isFresh = false
        if case .projectRecordField = trail.rule.owner {
            isFresh = trail.isFresh
            home = try await records.home(of: authority, isFresh: isFresh)
        } else {
            let found = try await checkPerson(authority, trail.rule, isFresh: trail.isFresh)
            finding.owner = authority
            finding.steps.append("\(authority) is the owner: the project is in their repository")
            home = try found.get()
        }
        let record = try await records.record(uri, at: home, isFresh: isFresh)
        finding.projectName = trail.rule.projectName(in: record)
        if case .projectRecordField(let path) = trail.rule.owner {
            // The request's author decides nothing, not even with a project of their own.
            guard trail.visited.first?.did != authority else {
                throw LookupError(.project, .authorIsOwner, "\(uri) is the author's own")
            }
            let value = path.values(in: record).first
            guard let did = value?.string.flatMap({ try? DID($0) }), did.isSupported else {
                let found = value.map { "\($0.shape)\($0.array == nil ? "" : "; \(path)[0] would be its first")" }
                let detail = "\(path) in \(uri) is \(found ?? "not there")"
                throw LookupError(.project, .ownerFieldInvalid, detail)
            }
            try await checkPerson(did, trail.rule, isFresh: trail.isFresh)
            finding.owner = did
            finding.steps.append("\(did) is the owner: \(path) of \(uri) says so")
        }
    }

    /// The server of an account that is a person's: nobody reads the chat of a repository, a group or an organisation.
    ///
    /// - Throws: ``LookupError``, also when the guard forbids the server: the chat does not need it, but whether the
    ///   account is a person's stays unknown.
    @discardableResult
    func checkPerson(
        _ did: DID,
        _ rule: Rule,
        isFresh: Bool
    ) async throws(LookupError) -> Result<RecordReader.Home, LookupError> {
        func refused(_ detail: String) -> LookupError {
            LookupError(.project, .ownerIsNoPerson, detail)
        }
        let home: RecordReader.Home
        do { home = try await records.home(of: did, isFresh: isFresh) } catch {
            guard !error.isRefusedPDS else { return .failure(error) }
            let services = await records.otherServices(of: did)
            guard !services.isEmpty else { throw error }
            throw refused("\(did) has no PDS, and the service \(services.joined(separator: ", "))")
        }
        guard !rule.groupCollections.isEmpty else { return .success(home) }
        let sign: NSID?
        do { sign = try await records.collection(at: home, among: rule.groupCollections) } catch {
            guard !error.isRefusedPDS else { return .failure(error) }
            throw error
        }
        if let sign { throw refused("the repository of \(did) holds \(sign)") }
        return .success(home)
    }
}

extension OwnerLookup.Finding {
    /// Whether it is about the same project, or is the same failure to find one.
    fileprivate func isOf(_ other: Self) -> Bool {
        project == nil ? failure == other.failure && other.project == nil : project == other.project
    }
}

extension Rule {
    fileprivate var aboveLimit: LookupError {
        LookupError(.project, .projectsAboveLimit, "it leads to more than \(maximumProjects)")
    }

    func projectName(in record: JSONValue) -> String? { projectNamePath.values(in: record).first?.string }
}
