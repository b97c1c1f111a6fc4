package import ATProtocol
package import Firehose
package import Logging
package import Network

/// Looks over plain HTTP for what the stream did not bring.
///
/// It asks who writes to the collections, then asks each author what they wrote. It needs no key and no archive. Nobody
/// lists who writes to a namespace, so for a namespace it asks for the collections that are known by name. For waiting
/// requests it finds their present version, or that they were deleted. It cannot see records whose keys claim another
/// time than the one they were written at.
package struct GapBackfill: Sendable {
    /// The longest cursor that is remembered, in bytes.
    private static let longestPlace = 512

    private let configuration: SweepConfiguration
    private let directories: AuthorDirectories
    private let repositories: RepositoryBackfill
    private let clock: any WallClock
    private let logger: Logger

    /// What an author's server answered, and what became of waiting requests.
    private typealias Answer = (reading: RepositoryBackfill.Reading, changes: [StreamEvent])

    /// A sweep that is ready to run.
    ///
    /// - Parameters:
    ///   - configuration: whom to ask, and how fast.
    ///   - client: the guarded client; strangers choose the hosts of authors.
    ///   - identities: finds the authors' servers.
    ///   - clock: the date.
    ///   - steady: a clock that nobody sets, to wait by; nil for `clock`.
    ///   - sleeper: waits for the next request.
    ///   - logger: gets the messages about a sweep.
    package init(
        configuration: SweepConfiguration,
        client: any HTTPClient,
        identities: any IdentityResolving,
        clock: any WallClock = SystemClock(),
        steady: (any WallClock)? = nil,
        sleeper: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        let client = SweepClient(
            client,
            rate: configuration.rate,
            clock: steady ?? clock,
            date: clock,
            sleeper: sleeper
        )
        directories = AuthorDirectories(configuration: configuration, client: client)
        repositories = RepositoryBackfill(configuration: configuration, client: client, identities: identities)
    }

    /// How long after its first sweep a gap is swept again.
    var settling: Duration { configuration.settling }
    /// The date.
    var now: UnixTime { clock.now() }

    /// Looks for every record of the collections that arrived, or may have arrived, between two times.
    ///
    /// - Parameters:
    ///   - window: the arrival times, in microseconds since the Unix epoch; records may have been written up to
    ///     ``SweepConfiguration/lookback`` earlier.
    ///   - knowledge: what the ledger knows of collections and authors.
    ///   - answered: who need not be asked again.
    ///   - places: where to go on with authors of whom an earlier pass read only a part.
    ///   - isKnown: whether a record was seen before; such records are counted and not delivered.
    ///   - waiting: an author's requests in a collection whose recipients are not all told yet, the newest first.
    ///   - deliver: takes an author's answer: first the unknown records, as creations without a stream position, oldest
    ///     first; then what became of waiting requests; then whether the answer was complete.
    /// - Returns: what was asked and found.
    package func run(
        over window: ClosedRange<Int64>,
        by knowledge: SweepKnowledge,
        answered: Set<SweepPair> = [],
        goingOnAt places: [SweepPair: String] = [:],
        isKnown: @Sendable (ATURI) async -> Bool,
        waiting: @escaping @Sendable (SweepPair) async -> [WaitingRequest] = { _ in [] },
        deliver: @Sendable (SweepPair, [StreamEvent], _ isAll: Bool) async -> Void
    ) async -> SweepReport {
        var report = SweepReport()
        let collections = collections(knowledge.collections)
        report.namespaces = configuration.collections.outermost.filter(\.isNamespace).map { namespace in
            SweepReport.Namespace(pattern: namespace, collections: collections.filter(namespace.matches))
        }
        var pairs: [SweepPair] = []
        for collection in collections {
            var (authors, failures) = (knowledge.accounts ?? [], [SweepError]())
            if knowledge.accounts == nil {
                (authors, failures) = await directories.authors(of: collection)
                authors.formUnion(knowledge.authors[collection] ?? [])
            }
            // Authors known to the ledger make up for a directory that names nobody.
            let missing = failures.filter { authors.isEmpty || $0.detail != AuthorDirectories.nobody }
            report.failures += missing.map { .init($0, did: nil, collection, isPart: false) }
            pairs += authors.sorted { $0.text < $1.text }.map { SweepPair($0, collection) }
        }
        report.authors = pairs.count
        report.isOfAccounts = knowledge.accounts != nil
        let open = pairs.filter { !answered.contains($0) }
        report.checked = pairs.count - open.count
        await ask(open, places, window, knowledge, isKnown: isKnown, waiting: waiting, deliver: deliver, into: &report)
        log(report.namespaces)
        return report
    }

    /// The collections that were asked for by name, and the known ones of the namespaces.
    private func collections(_ seen: [NSID]) -> [NSID] {
        let wanted = configuration.collections
        let known = Set(wanted.compactMap(\.collection) + seen)
        return known.filter { collection in wanted.contains { $0.matches(collection) } }.sorted { $0.text < $1.text }
    }

    /// The earliest time at which the wanted records of a collection were written.
    private func beginning(_ collection: NSID, _ from: Int64, _ knowledge: SweepKnowledge) -> Int64 {
        let earliest = clock.now() - configuration.memory
        let followed = knowledge.beginnings.filter { $0.key.matches(collection) }.values.min() ?? Int64.min
        return max(from - configuration.lookback.microseconds, earliest.microseconds, followed)
    }

    private func ask(
        _ pairs: [SweepPair],
        _ places: [SweepPair: String],
        _ window: ClosedRange<Int64>,
        _ knowledge: SweepKnowledge,
        isKnown: @Sendable (ATURI) async -> Bool,
        waiting: @escaping @Sendable (SweepPair) async -> [WaitingRequest],
        deliver: @Sendable (SweepPair, [StreamEvent], _ isAll: Bool) async -> Void,
        into report: inout SweepReport
    ) async {
        await withTaskGroup(of: (SweepPair, Result<Answer, SweepError>).self) { group in
            var left = pairs.makeIterator()
            func start() {
                guard !Task.isCancelled, let pair = left.next() else { return }
                let from = beginning(pair.collection, window.lowerBound, knowledge)
                group.addTask { [repositories] in
                    // Read before the question: what is written meanwhile is not missing from the answer.
                    let requests = await waiting(pair)
                    do throws(SweepError) {
                        let reading = try await repositories.records(
                            of: pair,
                            from: from,
                            until: max(from, window.upperBound),
                            behind: places[pair]
                        )
                        let changes = try await repositories.changes(
                            to: requests,
                            of: pair,
                            in: reading,
                            until: window.upperBound
                        )
                        return (pair, .success((reading, changes)))
                    } catch {
                        return (pair, .failure(error))
                    }
                }
            }
            for _ in 0..<max(1, configuration.concurrency) { start() }
            while let (pair, result) = await group.next() {
                start()
                switch result {
                case .failure(let failure):
                    logger.debug(
                        "a repository could not be read for a sweep",
                        metadata: ["did": "\(pair.author)", "reason": "\(failure.detail)"]
                    )
                    report.failures.append(.init(failure, did: pair.author, pair.collection, isPart: false))
                case .success(let answer):
                    report.checked += 1
                    if let rest = answer.reading.rest {
                        report.failures.append(.init(rest.failure, did: pair.author, pair.collection, isPart: true))
                        // A stranger chose its length.
                        if rest.place.utf8.count <= Self.longestPlace { report.places[pair] = rest.place }
                    }
                    var unknown: [StreamEvent] = []
                    for event in answer.reading.events {
                        guard let uri = event.recordURI else { continue }
                        if await isKnown(uri) { report.known += 1 } else { unknown.append(event) }
                    }
                    report.found += unknown.count
                    report.changed += answer.changes.count
                    await deliver(pair, Array(unknown.reversed()) + answer.changes, answer.reading.rest == nil)
                }
            }
            if Task.isCancelled, let collection = pairs.first?.collection {
                let failure = SweepError("the sweep was cancelled")
                report.failures.append(.init(failure, did: nil, collection, isPart: false))
            }
        }
    }

    private func log(_ namespaces: [SweepReport.Namespace]) {
        for namespace in namespaces {
            logger.log(
                level: namespace.collections.isEmpty ? .warning : .notice,
                "a namespace was swept only in the collections seen so far; a rule can name more",
                metadata: [
                    "namespace": "\(namespace.pattern)",
                    "collections": "\(namespace.collections.map(\.text).joined(separator: " "))",
                ]
            )
        }
    }

    /// Logs the result of a sweep.
    ///
    /// - Parameters:
    ///   - report: the result.
    ///   - window: the arrival times that were looked for.
    ///   - next: how soon those who did not answer are asked again; nil when they are not.
    func log(_ report: SweepReport, _ window: ClosedRange<Int64>, next: Duration? = nil) {
        var metadata: Logger.Metadata = [
            "from": "\(UnixTime(microseconds: window.lowerBound))",
            "until": "\(UnixTime(microseconds: window.upperBound))", "authors": .stringConvertible(report.authors),
            "checked": .stringConvertible(report.checked), "found": .stringConvertible(report.found),
            "known": .stringConvertible(report.known),
            "changed": .stringConvertible(report.changed),
            "failed": .stringConvertible(report.failures.count), "in_part": .stringConvertible(report.parts),
        ]
        if let failure = report.example { metadata["example"] = "\(failure)" }
        if let next { metadata["next_s"] = .stringConvertible(next.wholeSeconds) }
        logger.log(level: report.isComplete ? .notice : .warning, "gap swept", metadata: metadata)
    }
}
