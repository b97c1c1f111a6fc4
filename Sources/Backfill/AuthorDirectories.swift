internal import ATProtocol
internal import Network

/// Lists who writes to a collection, from all directories together (com.atproto.sync.listReposByCollection).
///
/// A directory is an index: it lags, has holes, and answers an unknown collection with an empty list. So no directory
/// is believed to know everybody, and nothing but empty lists counts as no answer.
struct AuthorDirectories: Sendable {
    /// The most pages of a list of authors.
    private static let maximumPages = 1000

    let configuration: SweepConfiguration
    let client: SweepClient

    /// Everybody whom some directory names, and the failures of the directories that gave no answer.
    func authors(of collection: NSID) async -> (authors: Set<DID>, failures: [SweepError]) {
        var (authors, failures) = (Set<DID>(), [SweepError]())
        for directory in configuration.directories {
            do throws(SweepError) {
                authors.formUnion(try await self.authors(of: collection, from: directory))
            } catch {
                failures.append(SweepError("\(directory.origin): \(error.detail)", isLasting: true))
            }
        }
        if authors.isEmpty, failures.isEmpty { failures.append(SweepError(Self.nobody, isLasting: true)) }
        return (authors, failures)
    }

    /// The words for a collection for which no directory names an author.
    static let nobody = "no directory names anybody who writes to it"

    private func authors(of collection: NSID, from directory: WebURL) async throws(SweepError) -> Set<DID> {
        var authors: Set<DID> = []
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            var query = [("collection", collection.text), ("limit", "1000")]
            if let cursor { query.append(("cursor", cursor)) }
            let url = directory.with(path: "/xrpc/com.atproto.sync.listReposByCollection", query: query)
            let page = try await client.json(
                HTTPRequest(.get, url, timeout: configuration.timeout, maximumBody: 4 << 20)
            )
            guard let repositories = page["repos"]?.array else {
                throw SweepError("the answer has no list of repositories")
            }
            authors.formUnion(repositories.compactMap { $0["did"]?.string.flatMap { try? DID($0) } })
            guard authors.count <= configuration.maximumAuthors else {
                throw SweepError("the collection has more than \(configuration.maximumAuthors) authors")
            }
            guard let next = page["cursor"]?.string else { return authors }
            guard next != cursor else { throw SweepError("the list of authors comes again and again") }
            cursor = next
        }
        throw SweepError("the list of authors has no end")
    }
}
