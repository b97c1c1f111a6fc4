internal import ATProtocol
package import Firehose
internal import Network

/// Reads those records of one repository that were written in a window (com.atproto.repo.listRecords).
struct RepositoryBackfill: Sendable {
    /// The most pages of one repository that are read in one pass.
    private static let maximumPages = 100
    /// By how many microseconds the clocks of authors may be wrong, whose keys tell the time.
    static let clockTolerance: Int64 = 600_000_000

    let configuration: SweepConfiguration
    let client: SweepClient
    let identities: any IdentityResolving

    /// What was read of a repository: everything that was asked for, or its newest part.
    struct Reading: Sendable {
        /// The part that was not read yet, and why.
        struct Rest: Sendable {
            /// The server's cursor to the first unread record.
            let place: String
            let failure: SweepError
        }

        /// Newest first.
        var events: [StreamEvent] = []
        /// The unread part; nil when there is none.
        var rest: Rest?
    }

    /// The records of a collection that were written between two times, as events.
    ///
    /// Of a very large repository only a part is read; the next pass goes on from there. The result is empty when the
    /// repository is gone or the account has no server.
    ///
    /// - Throws: ``SweepError`` when nothing could be read.
    func records(
        of pair: SweepPair,
        from: Int64,
        until: Int64,
        behind place: String?
    ) async throws(SweepError) -> Reading {
        let window = (from - Self.clockTolerance)...(until + Self.clockTolerance)
        do throws(SweepError) {
            return try await records(of: pair, in: window, behind: place, isFresh: false)
        } catch {
            guard error.isDefinitive else { throw error }
        }
        // The account may have moved a moment ago; its old server's answer counts for nothing.
        do throws(SweepError) {
            return try await records(of: pair, in: window, behind: nil, isFresh: true)
        } catch {
            guard error.isDefinitive else { throw error }
            return Reading()
        }
    }

    private func records(
        of pair: SweepPair,
        in window: ClosedRange<Int64>,
        behind place: String?,
        isFresh: Bool
    ) async throws(SweepError) -> Reading {
        let server = try await server(of: pair.author, isFresh: isFresh)
        var reading = Reading()
        var place = place
        var bytes = 0
        var oldest: Int64?
        for number in 0..<Self.maximumPages {
            let page: Page
            do throws(SweepError) {
                page = try await self.page(server, pair, window, behind: place)
            } catch {
                guard let place, number > 0, !error.isDefinitive else { throw error }
                reading.rest = Reading.Rest(place: place, failure: error)
                return reading
            }
            reading.events += page.events
            bytes += page.bytes
            oldest = page.oldest ?? oldest
            place = page.next
            guard place != nil else { return reading }
            if bytes > configuration.maximumAnswer { break }
        }
        guard let place else { return reading }
        let reached = oldest.map { ", and is read back to \(UnixTime(microseconds: $0))" } ?? ""
        let words = "it has written more than is read of one repository at once\(reached)"
        reading.rest = Reading.Rest(place: place, failure: SweepError(words, isLasting: true))
        return reading
    }

    /// The part of one answer that lies in the window.
    private struct Page {
        var events: [StreamEvent] = []
        /// The approximate size of what is kept; the rest of the answer is dropped.
        var bytes = 0
        /// The cursor to the next page; nil when no later page holds anything of the window.
        var next: String?
        /// When its oldest record was written, by the record's key.
        var oldest: Int64?
    }

    private func page(
        _ server: WebURL,
        _ pair: SweepPair,
        _ window: ClosedRange<Int64>,
        behind place: String?
    ) async throws(SweepError) -> Page {
        let body = try await list(server, pair, behind: place)
        let json = try SweepClient.parse(body)
        guard let items = json["records"]?.array else { throw SweepError("the answer has no list of records") }
        var page = Page()
        var isBehindWindow = !items.isEmpty
        for item in items {
            guard let uri = item["uri"]?.string.flatMap({ try? ATURI($0) }), uri.did == pair.author,
                uri.collection == pair.collection, let key = uri.recordKey, let value = item["value"],
                value["$type"]?.string == pair.collection.text
            else { continue }
            let time = Self.time(key, value)
            // Records are ordered by key, newest first; a key that is no time says nothing about the records after it.
            let isTime = (try? TID(key.text)) != nil
            if isTime { page.oldest = time }
            if !isTime || time ?? window.upperBound >= window.lowerBound { isBehindWindow = false }
            guard let time, window.contains(time) else { continue }
            let rev = TID(microseconds: UInt64(max(0, time)), clock: 0)
            guard let event = StreamEvent.swept(.create, uri, rev, item["cid"]?.string, value) else { continue }
            page.events.append(event)
        }
        page.bytes = items.isEmpty ? 0 : body.count / items.count * page.events.count
        page.next = isBehindWindow ? nil : json["cursor"]?.string
        return page
    }

    /// The server of an account.
    func server(of did: DID, isFresh: Bool) async throws(SweepError) -> WebURL {
        do throws(IdentityError) {
            return try await identities.document(of: did, isFresh: isFresh).pds(
                allowsLoopback: configuration.allowsLoopback
            )
        } catch {
            let isRefused = error.code == .refusedHost
            throw SweepError(error.description, isDefinitive: !error.isTransient && !isRefused, isLasting: isRefused)
        }
    }

    /// One page of an account's records (com.atproto.repo.listRecords).
    func list(_ server: WebURL, _ pair: SweepPair, behind place: String?) async throws(SweepError) -> [UInt8] {
        var query = [("repo", pair.author.text), ("collection", pair.collection.text), ("limit", "25")]
        if let place { query.append(("cursor", place)) }
        return try await client.body(question(server, "com.atproto.repo.listRecords", query))
    }

    /// A request to an author's server, whose host a stranger chose.
    func question(_ server: WebURL, _ method: String, _ query: [(name: String, value: String)]) -> HTTPRequest {
        HTTPRequest(
            .get,
            server.with(path: "/xrpc/\(method)", query: query),
            timeout: configuration.timeout,
            maximumBody: 8 << 20,
            reach: configuration.allowsLoopback && server.isLoopback ? .trusted : .stranger
        )
    }

    private static func time(_ key: RecordKey, _ record: JSONValue) -> Int64? {
        let created = record["createdAt"]?.string.flatMap { try? Datetime($0) }?.microseconds
        guard let tid = try? TID(key.text) else { return created }
        return Int64(tid.microseconds)
    }
}

extension StreamEvent {
    /// What a repository says of a record, found by asking for it; nil for an AT-URI that names no record of an account.
    static func swept(
        _ operation: Commit.Operation,
        _ uri: ATURI,
        _ rev: TID,
        _ cid: String? = nil,
        _ record: JSONValue? = nil
    ) -> StreamEvent? {
        guard let did = uri.did, let collection = uri.collection, let key = uri.recordKey else { return nil }
        let commit = Commit(
            operation: operation,
            collection: collection,
            recordKey: key,
            rev: rev.text,
            cid: cid,
            record: record
        )
        let witnessed = Int64(rev.microseconds)
        let position = StreamPosition(host: "sweep", wire: .sweep, value: 0, witnessed: witnessed)
        return StreamEvent(position: position, did: did, body: .commit(commit))
    }
}

extension StreamWire {
    /// Not a stream: found by asking the repositories.
    package static let sweep = StreamWire(rawValue: "sweep")
}
