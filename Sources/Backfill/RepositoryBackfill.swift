internal import ATProtocol
public import Firehose
internal import Network

/// Reads the records of one repository that were written in a window (com.atproto.repo.listRecords).
struct RepositoryBackfill: Sendable {
    /// The most pages of one repository.
    private static let maximumPages = 100
    /// Microseconds by which the clocks of authors, whose keys tell the time, may be wrong.
    private static let clockTolerance: Int64 = 600_000_000

    let configuration: SweepConfiguration
    let client: SweepClient
    let identities: any IdentityResolving

    /// The records of a collection that were written between two times, as events; newest first.
    ///
    /// None of a repository that is gone, and of an account that has no server.
    ///
    /// - Throws: ``SweepFailure`` when the repository cannot be read to the beginning of the window.
    func records(
        of did: DID,
        _ collection: NSID,
        from: Int64,
        until: Int64
    ) async throws(SweepFailure) -> [StreamEvent] {
        do throws(SweepFailure) {
            return try await records(of: did, collection, from: from, until: until, isFresh: false)
        } catch {
            guard error.isDefinitive else { throw error }
        }
        // The account may have moved a moment ago; where it is not any more is no answer.
        do throws(SweepFailure) {
            return try await records(of: did, collection, from: from, until: until, isFresh: true)
        } catch {
            guard error.isDefinitive else { throw error }
            return []
        }
    }

    private func records(
        of did: DID,
        _ collection: NSID,
        from: Int64,
        until: Int64,
        isFresh: Bool
    ) async throws(SweepFailure) -> [StreamEvent] {
        let server = try await server(of: did, isFresh: isFresh)
        let window = (from - Self.clockTolerance)...(until + Self.clockTolerance)
        var events: [StreamEvent] = []
        var bytes = 0
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            let body = try await page(server, did, collection, cursor)
            let page = try SweepClient.parse(body)
            let before = events.count
            guard let items = page["records"]?.array else { throw SweepFailure("the answer has no list of records") }
            var isBehindWindow = !items.isEmpty
            for item in items {
                guard let uri = item["uri"]?.string.flatMap({ try? ATURI($0) }), uri.did == did,
                    uri.collection == collection, let key = uri.recordKey, let value = item["value"],
                    value["$type"]?.string == collection.text
                else { continue }
                let time = Self.time(key, value)
                // Records come by their keys, newest first; a key that is no time says nothing of what is behind it.
                if (try? TID(key.text)) == nil || time ?? until >= window.lowerBound { isBehindWindow = false }
                guard let time, window.contains(time) else { continue }
                events.append(Self.event(did, collection, key, item, value, time))
            }
            // What is kept of it, about: the rest is gone with the page.
            bytes += items.isEmpty ? 0 : body.count / items.count * (events.count - before)
            guard bytes <= configuration.maximumAnswer else {
                throw SweepFailure("it has written more in that time than is read of one repository")
            }
            cursor = page["cursor"]?.string
            if cursor == nil || isBehindWindow { return events }
        }
        throw SweepFailure("it has more pages than are read of one repository")
    }

    private func server(of did: DID, isFresh: Bool) async throws(SweepFailure) -> WebURL {
        do throws(IdentityFailure) {
            return try await identities.document(of: did, isFresh: isFresh).pds(
                allowsLoopback: configuration.allowsLoopback
            )
        } catch {
            let isRefused = error.code == .refusedHost
            throw SweepFailure(error.description, isDefinitive: !error.isTransient && !isRefused, isLasting: isRefused)
        }
    }

    private func page(
        _ server: WebURL,
        _ did: DID,
        _ collection: NSID,
        _ cursor: String?
    ) async throws(SweepFailure) -> [UInt8] {
        var query = [("repo", did.text), ("collection", collection.text), ("limit", "25")]
        if let cursor { query.append(("cursor", cursor)) }
        let reach: HTTPRequest.Reach = configuration.allowsLoopback && server.isLoopback ? .trusted : .stranger
        let request = HTTPRequest(
            .get,
            server.with(path: "/xrpc/com.atproto.repo.listRecords", query: query),
            timeout: configuration.timeout,
            maximumBody: 8 << 20,
            reach: reach
        )
        return try await client.body(request)
    }

    private static func time(_ key: RecordKey, _ record: JSONValue) -> Int64? {
        let created = record["createdAt"]?.string.flatMap { try? Datetime($0) }?.microseconds
        guard let tid = try? TID(key.text) else { return created }
        return Int64(tid.microseconds)
    }

    private static func event(
        _ did: DID,
        _ collection: NSID,
        _ key: RecordKey,
        _ item: JSONValue,
        _ value: JSONValue,
        _ time: Int64
    ) -> StreamEvent {
        let commit = StreamEvent.Commit(
            operation: .create,
            collection: collection,
            recordKey: key,
            rev: TID(microseconds: UInt64(max(0, time)), clock: 0).text,
            cid: item["cid"]?.string,
            record: value
        )
        let position = StreamPosition(host: "sweep", wire: .sweep, value: 0, witnessed: time)
        return StreamEvent(position: position, did: did, body: .commit(commit))
    }
}

extension StreamWire {
    /// No stream at all: found by asking the repositories.
    public static let sweep = StreamWire(rawValue: "sweep")
}
