internal import ATProtocol
internal import Firehose
internal import Network

/// What became of requests that were seen before the gap and whose recipients are not told yet.
extension RepositoryBackfill {
    /// The most requests of an author in a collection that are asked for one by one.
    private static let maximumQuestions = 100

    /// Finds the requests that have changed, as updates, and those that were deleted, as deletes.
    ///
    /// That a list lacks a request proves nothing: the request may be older than the list, or the list may be cut
    /// short. Such a request is asked for by itself, at the account's present server. When a repository was read in
    /// part, this waits until the rest is read.
    ///
    /// - Parameters:
    ///   - waiting: what was known of them before the author was asked, the newest first.
    ///   - pair: the author and the collection.
    ///   - reading: the author's answer.
    ///   - until: the end of the window; the stream tells what happened to requests seen after it.
    /// - Returns: the events to store after the answer.
    /// - Throws: ``SweepError`` when a server did not answer.
    func changes(
        to waiting: [WaitingRequest],
        of pair: SweepPair,
        in reading: Reading,
        until: Int64
    ) async throws(SweepError) -> [StreamEvent] {
        let found = Dictionary(reading.events.map { ($0.recordURI, $0) }) { first, _ in first }
        var (changes, missing) = ([StreamEvent](), [WaitingRequest]())
        for request in waiting where (try? TID(request.rev)).map({ Int64($0.microseconds) <= until }) ?? false {
            guard case .commit(let commit)? = found[request.uri]?.body else {
                missing.append(request)
                continue
            }
            if let update = request.update(to: commit.cid, commit.record) { changes.append(update) }
        }
        guard reading.rest == nil, !missing.isEmpty else { return changes }
        do throws(SweepError) {
            let server = try await server(of: pair.author, isFresh: true)
            // A repository that does not exist answers without records, which says nothing of any request.
            _ = try await list(server, pair, behind: nil)
            for request in missing.prefix(Self.maximumQuestions) {
                if let change = try await change(of: request, pair, at: server) { changes.append(change) }
            }
        } catch {
            guard error.isDefinitive else { throw error }
        }
        return changes
    }

    /// What became of one request; nil when it has not changed (com.atproto.repo.getRecord).
    private func change(
        of request: WaitingRequest,
        _ pair: SweepPair,
        at server: WebURL
    ) async throws(SweepError) -> StreamEvent? {
        let query = [
            ("repo", pair.author.text), ("collection", pair.collection.text),
            ("rkey", request.uri.recordKey?.text ?? ""),
        ]
        let answer = try await client.record(question(server, "com.atproto.repo.getRecord", query))
        guard let answer else { return request.deletion }
        guard answer["value"]?["$type"]?.string == pair.collection.text else { return nil }
        return request.update(to: answer["cid"]?.string, answer["value"])
    }
}
