internal import ATProtocol
internal import Firehose
internal import Network

/// What became of requests that were seen before the gap, and of which nobody was told yet.
extension RepositoryBackfill {
    /// The most requests of an author in a collection that are asked for one by one.
    private static let maximumQuestions = 100

    /// Requests that say something else now, as updates, and those that are no more, as deletes.
    ///
    /// What a list lacks proves nothing: it may be older than the list goes back, or the list may be cut. Such a request
    /// is asked for by itself, where the account is at home now; of a repository that was read in part once the rest is.
    ///
    /// - Parameters:
    ///   - waiting: what was known of them before the author was asked, the newest first.
    ///   - pair: whose they are.
    ///   - reading: the author's answer.
    ///   - until: the end of the window; of what was seen behind it the stream tells.
    /// - Returns: what is to be stored behind the answer.
    /// - Throws: ``SweepFailure`` when somebody did not answer.
    func changes(
        to waiting: [WaitingRequest],
        of pair: SweepPair,
        in reading: Reading,
        until: Int64
    ) async throws(SweepFailure) -> [StreamEvent] {
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
        do throws(SweepFailure) {
            let server = try await server(of: pair.author, isFresh: true)
            // A repository that is not there has none of its records, and says nothing of any.
            _ = try await list(server, pair, behind: nil)
            for request in missing.prefix(Self.maximumQuestions) {
                if let change = try await change(of: request, pair, at: server) { changes.append(change) }
            }
        } catch {
            guard error.isDefinitive else { throw error }
        }
        return changes
    }

    /// What became of one request; nil when it is as it was (com.atproto.repo.getRecord).
    private func change(
        of request: WaitingRequest,
        _ pair: SweepPair,
        at server: WebURL
    ) async throws(SweepFailure) -> StreamEvent? {
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
