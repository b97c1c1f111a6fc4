public import ATProtocol
public import Logging
public import Network

/// Closes a gap of the stream over plain HTTP: asks who writes to the collections, then each of them what was written.
///
/// Nobody lists who writes to a namespace: of one, the collections are asked for that are known by name.
/// Needs no key and no archive. What it cannot see are records that were deleted meanwhile, and records whose keys
/// claim another time than that of their writing.
public struct GapSweep: Sendable {
    /// The most pages of a list of authors.
    private static let maximumPages = 1000

    private let configuration: SweepConfiguration
    private let client: any HTTPClient
    private let repositories: RepositorySweep
    private let logger: Logger

    /// A sweep that is ready to run.
    ///
    /// - Parameters:
    ///   - configuration: whom to ask.
    ///   - client: the guarded client; authors' servers are strangers' hosts.
    ///   - identities: finds the authors' servers.
    ///   - logger: takes one line for each sweep and each failure.
    public init(
        configuration: SweepConfiguration,
        client: any HTTPClient,
        identities: any IdentityResolving,
        logger: Logger
    ) {
        self.configuration = configuration
        self.client = client
        self.logger = logger
        repositories = RepositorySweep(configuration: configuration, client: client, identities: identities)
    }

    /// Looks for every record of the collections that was written between two times.
    ///
    /// - Parameters:
    ///   - from: microseconds since the Unix epoch.
    ///   - until: microseconds since the Unix epoch.
    ///   - seen: the collections that records were seen of: those in a namespace are looked for.
    ///   - isKnown: whether a record was seen already; it is counted then, and not delivered.
    ///   - deliver: takes what was found, as creations without a position of any stream.
    /// - Returns: what was asked and found; the gap is closed when it is complete.
    public func run(
        from: Int64,
        until: Int64,
        seen: [NSID],
        isKnown: @Sendable (ATURI) async -> Bool,
        deliver: @Sendable ([StreamEvent]) async -> Void
    ) async -> SweepReport {
        var report = SweepReport(from: from, until: until)
        let collections = collections(seen)
        report.namespaces = configuration.collections.outermost.filter(\.isNamespace).map { namespace in
            SweepReport.Namespace(pattern: namespace, collections: collections.filter(namespace.matches))
        }
        for collection in collections {
            let authors: [DID]
            do throws(SweepFailure) { authors = try await self.authors(of: collection) } catch {
                report.failures.append(.init(did: nil, collection: collection, detail: error.detail))
                continue
            }
            report.authors += authors.count
            await sweep(collection, authors, isKnown: isKnown, deliver: deliver, into: &report)
        }
        for namespace in report.namespaces {
            logger.log(
                level: namespace.collections.isEmpty ? .warning : .notice,
                "namespace swept only for the collections of it that were seen",
                metadata: [
                    "namespace": "\(namespace.pattern)",
                    "collections": "\(namespace.collections.map(\.text).joined(separator: " "))",
                ]
            )
        }
        logger.notice(
            "gap swept",
            metadata: [
                "authors": "\(report.authors)", "checked": "\(report.checked)", "found": "\(report.found)",
                "known": "\(report.known)", "failed": "\(report.failures.count)",
            ]
        )
        return report
    }

    /// The collections that are wanted one by one, and those of the namespaces that are known.
    private func collections(_ seen: [NSID]) -> [NSID] {
        let wanted = configuration.collections
        let known = Set(wanted.compactMap(\.collection) + seen)
        return known.filter { collection in wanted.contains { $0.matches(collection) } }.sorted { $0.text < $1.text }
    }

    private func sweep(
        _ collection: NSID,
        _ authors: [DID],
        isKnown: @Sendable (ATURI) async -> Bool,
        deliver: @Sendable ([StreamEvent]) async -> Void,
        into report: inout SweepReport
    ) async {
        let (from, until) = (report.from, report.until)
        await withTaskGroup(of: (DID, Result<[StreamEvent], SweepFailure>).self) { group in
            var waiting = authors.makeIterator()
            func start() {
                guard !Task.isCancelled, let did = waiting.next() else { return }
                group.addTask { [repositories] in
                    do throws(SweepFailure) {
                        return (
                            did, .success(try await repositories.records(of: did, collection, from: from, until: until))
                        )
                    } catch {
                        return (did, .failure(error))
                    }
                }
            }
            for _ in 0..<max(1, configuration.concurrency) { start() }
            while let (did, result) = await group.next() {
                start()
                switch result {
                case .failure(let failure):
                    logger.warning(
                        "repository not swept",
                        metadata: ["did": "\(did)", "reason": "\(failure.detail)"]
                    )
                    report.failures.append(.init(did: did, collection: collection, detail: failure.detail))
                case .success(let events):
                    report.checked += 1
                    var unknown: [StreamEvent] = []
                    for event in events {
                        guard let uri = event.recordURI else { continue }
                        if await isKnown(uri) { report.known += 1 } else { unknown.append(event) }
                    }
                    report.found += unknown.count
                    if !unknown.isEmpty { await deliver(unknown.reversed()) }
                }
            }
            if Task.isCancelled {
                report.failures.append(.init(did: nil, collection: collection, detail: "the sweep was cancelled"))
            }
        }
    }

    /// Every author of a collection, from the first directory that answers (com.atproto.sync.listReposByCollection).
    private func authors(of collection: NSID) async throws(SweepFailure) -> [DID] {
        var failure = SweepFailure("no directory of repositories is configured")
        for directory in configuration.directories {
            do throws(SweepFailure) { return try await authors(of: collection, from: directory) } catch {
                failure = SweepFailure("\(directory.origin): \(error.detail)")
            }
        }
        throw failure
    }

    private func authors(of collection: NSID, from directory: WebURL) async throws(SweepFailure) -> [DID] {
        var authors: Set<DID> = []
        var cursor: String?
        var pages = 0
        repeat {
            pages += 1
            guard pages <= Self.maximumPages else { throw SweepFailure("the list of authors has no end") }
            var query = [("collection", collection.text), ("limit", "1000")]
            if let cursor { query.append(("cursor", cursor)) }
            let url = directory.with(path: "/xrpc/com.atproto.sync.listReposByCollection", query: query)
            let page = try await client.json(
                HTTPRequest(.get, url, timeout: configuration.timeout, maximumBody: 4 << 20)
            )
            guard let repositories = page["repos"]?.array else {
                throw SweepFailure("the answer has no list of repositories")
            }
            authors.formUnion(repositories.compactMap { $0["did"]?.string.flatMap { try? DID($0) } })
            let next = page["cursor"]?.string
            guard next == nil || next != cursor else { throw SweepFailure("the list of authors comes again and again") }
            cursor = next
            guard authors.count <= configuration.maximumAuthors else {
                throw SweepFailure("the collection has more than \(configuration.maximumAuthors) authors")
            }
        } while cursor != nil
        return authors.sorted { $0.text < $1.text }
    }
}
