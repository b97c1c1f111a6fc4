internal import ATProtocol
internal import Network

/// Asks relays which accounts have records of a collection (com.atproto.sync.listReposByCollection).
///
/// Relays lag and have holes: an account that none of them names may have such records all the same.
struct AccountDirectory: Sendable {
    let directories: [WebURL]
    let http: GuardedClient

    /// The largest page that is read, in bytes.
    private static let maximumPage = 4 << 20
    private static let maximumPages = 100

    /// The accounts that any relay names, up to a limit, in the order of their DIDs, and the failures.
    func accounts(with collection: NSID, atMost limit: Int) async -> (accounts: [DID], failures: [CallError]) {
        var (accounts, failures) = (Set<DID>(), [CallError]())
        for directory in directories {
            do throws(CallError) {
                try await read(collection, of: directory, atMost: limit, into: &accounts)
            } catch {
                failures.append(error)
            }
        }
        return (accounts.sorted { $0.text < $1.text }, failures)
    }

    private func read(
        _ collection: NSID,
        of directory: WebURL,
        atMost limit: Int,
        into accounts: inout Set<DID>
    ) async throws(CallError) {
        var cursor: String?
        for _ in 0..<Self.maximumPages where accounts.count < limit {
            var query = [("collection", collection.text), ("limit", "1000")]
            if let cursor { query.append(("cursor", cursor)) }
            let url = directory.with(path: "/xrpc/com.atproto.sync.listReposByCollection", query: query)
            // Not guarded, because an operator chose the host.
            let response = try await http.send(
                HTTPRequest(.get, url, timeout: .seconds(20), maximumBody: Self.maximumPage, reach: .trusted)
            )
            let page = try response.json()
            guard let repositories = page["repos"]?.array else {
                throw .unreadable(status: response.status, detail: "the answer has no list of repositories")
            }
            for repository in repositories where accounts.count < limit {
                if let did = repository["did"]?.string.flatMap({ try? DID($0) }) { accounts.insert(did) }
            }
            guard let next = page["cursor"]?.string, next != cursor else { return }
            cursor = next
        }
    }
}
