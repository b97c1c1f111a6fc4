internal import ATProtocol
package import Firehose
internal import Network

/// Reads the records of one repository that were written in a window (com.atproto.repo.listRecords).
struct RepositoryBackfill: Sendable {
    /// The most pages of one repository that are read at once.
    private static let maximumPages = 100
    /// Microseconds by which the clocks of authors, whose keys tell the time, may be wrong.
    static let clockTolerance: Int64 = 600_000_000

    let configuration: SweepConfiguration
    let client: SweepClient
    let identities: any IdentityResolving

    /// What was read of a repository: all that was asked for, or its newest part.
    struct Reading: Sendable {
        /// What was not read yet, and why.
        struct Rest: Sendable {
            /// Where it begins: the server's own word for it.
            let place: String
            let failure: SweepFailure
        }

        /// Newest first.
        var events: [StreamEvent] = []
        /// Nil when there is none.
        var rest: Rest?
    }

    /// The records of a collection that were written between two times, as events; those of a repository that has more than
    /// is read at once in part, to go on from where that ended.
    ///
    /// None of a repository that is gone, and of an account that has no server.
    ///
    /// - Throws: ``SweepFailure`` when nothing could be read.
    func records(
        of pair: SweepPair,
        from: Int64,
        until: Int64,
        behind place: String?
    ) async throws(SweepFailure) -> Reading {
        let window = (from - Self.clockTolerance)...(until + Self.clockTolerance)
        do throws(SweepFailure) {
            return try await records(of: pair, in: window, behind: place, isFresh: false)
        } catch {
            guard error.isDefinitive else { throw error }
        }
        // The account may have moved a moment ago; where it is not any more is no answer.
        do throws(SweepFailure) {
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
    ) async throws(SweepFailure) -> Reading {
        let server = try await server(of: pair.author, isFresh: isFresh)
        var reading = Reading()
        var place = place
        var bytes = 0
        var oldest: Int64?
        for number in 0..<Self.maximumPages {
            let page: Page
            do throws(SweepFailure) {
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
        reading.rest = Reading.Rest(place: place, failure: SweepFailure(words, isLasting: true))
        return reading
    }

    /// What one answer holds of the window.
    private struct Page {
        var events: [StreamEvent] = []
        /// What is kept of it, about: the rest is gone with the answer.
        var bytes = 0
        /// Where the next one begins; nil when no other holds anything of the window.
        var next: String?
        /// When the last of its records was written, by its key.
        var oldest: Int64?
    }

    private func page(
        _ server: WebURL,
        _ pair: SweepPair,
        _ window: ClosedRange<Int64>,
        behind place: String?
    ) async throws(SweepFailure) -> Page {
        let body = try await list(server, pair, behind: place)
        let json = try SweepClient.parse(body)
        guard let items = json["records"]?.array else { throw SweepFailure("the answer has no list of records") }
        var page = Page()
        var isBehindWindow = !items.isEmpty
        for item in items {
            guard let uri = item["uri"]?.string.flatMap({ try? ATURI($0) }), uri.did == pair.author,
                uri.collection == pair.collection, let key = uri.recordKey, let value = item["value"],
                value["$type"]?.string == pair.collection.text
            else { continue }
            let time = Self.time(key, value)
            // Records come by their keys, newest first; a key that is no time says nothing of what is behind it.
            let isTime = (try? TID(key.text)) != nil
            if isTime { page.oldest = time }
            if !isTime || time ?? window.upperBound >= window.lowerBound { isBehindWindow = false }
            guard let time, window.contains(time) else { continue }
            page.events.append(Self.event(pair, key, item, value, time))
        }
        page.bytes = items.isEmpty ? 0 : body.count / items.count * page.events.count
        page.next = isBehindWindow ? nil : json["cursor"]?.string
        return page
    }

    /// Where an account is at home.
    func server(of did: DID, isFresh: Bool) async throws(SweepFailure) -> WebURL {
        do throws(IdentityFailure) {
            return try await identities.document(of: did, isFresh: isFresh).pds(
                allowsLoopback: configuration.allowsLoopback
            )
        } catch {
            let isRefused = error.code == .refusedHost
            throw SweepFailure(error.description, isDefinitive: !error.isTransient && !isRefused, isLasting: isRefused)
        }
    }

    /// One page of the list of its records (com.atproto.repo.listRecords).
    func list(_ server: WebURL, _ pair: SweepPair, behind place: String?) async throws(SweepFailure) -> [UInt8] {
        var query = [("repo", pair.author.text), ("collection", pair.collection.text), ("limit", "25")]
        if let place { query.append(("cursor", place)) }
        return try await client.body(question(server, "com.atproto.repo.listRecords", query))
    }

    /// A question to an author's server, which a stranger chose.
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

    private static func event(
        _ pair: SweepPair,
        _ key: RecordKey,
        _ item: JSONValue,
        _ value: JSONValue,
        _ time: Int64
    ) -> StreamEvent {
        let commit = StreamEvent.Commit(
            operation: .create,
            collection: pair.collection,
            recordKey: key,
            rev: TID(microseconds: UInt64(max(0, time)), clock: 0).text,
            cid: item["cid"]?.string,
            record: value
        )
        let position = StreamPosition(host: "sweep", wire: .sweep, value: 0, witnessed: time)
        return StreamEvent(position: position, did: pair.author, body: .commit(commit))
    }
}

extension StreamWire {
    /// No stream at all: found by asking the repositories.
    package static let sweep = StreamWire(rawValue: "sweep")
}
