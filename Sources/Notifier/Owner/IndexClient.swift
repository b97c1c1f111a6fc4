internal import ATProtocol
internal import Network

/// Asks an index whose project a reference means; its answers are claims.
struct IndexClient: Sendable {
    let http: GuardedClient

    /// The most claims of an answer that are checked; with more, none is, because the last might be the owner's.
    private static let maximumClaims = 20
    /// The largest answer that is read, in bytes.
    private static let maximumBody = 512 << 10

    /// The answer of an index.
    struct Answer {
        /// The AT-URIs of the records that it names; empty when it does not know the reference.
        var claims: [ATURI] = []
        /// What it says when it names none.
        var detail = ""
    }

    /// The claims of the index about a reference.
    ///
    /// - Throws: ``CallError`` for anything that is not an answer of an index.
    func claims(about reference: ProjectReference, _ index: OwnerIndex) async throws(CallError) -> Answer {
        let (found, place) = try await ask(index.query, about: reference)
        guard let answer = found else { return Answer(detail: place) }
        let values = index.recordPath.values(in: answer).filter { $0 != .null }
        guard !values.isEmpty else {
            return Answer(detail: "\(place) answers \(answer.shape), and there is nothing at \(index.recordPath)")
        }
        guard values.count <= Self.maximumClaims else {
            throw .refused(Refusal(.ownerAmbiguous, "the index names \(values.count) records"))
        }
        let claims = try values.map { claim throws(CallError) in
            guard let uri = claim.string.flatMap({ try? ATURI($0) }), uri.collection != nil, uri.recordKey != nil else {
                let advice =
                    claim.array == nil ? "" : ", but a list (\(index.recordPath)[*] reads each of its elements)"
                throw .unreadable(status: 200, detail: "\(index.recordPath) is no AT-URI of a record\(advice)")
            }
            return uri
        }
        return Answer(claims: claims)
    }

    /// The people whom an index names for a project, each once; empty when it does not know the project.
    ///
    /// - Throws: ``CallError`` for anything that is not an answer of an index.
    func people(of reference: ProjectReference, _ index: CollaboratorSource.Index) async throws(CallError) -> [DID] {
        guard let answer = try await ask(index.query, about: reference).answer else { return [] }
        var people: [DID] = []
        var known: Set<DID> = []
        for value in index.path.values(in: answer) where value != .null {
            guard let did = value.string.flatMap({ try? DID($0) }) else {
                throw .unreadable(status: 200, detail: "\(index.path) is \(value.kind), and no DID")
            }
            if known.insert(did).inserted { people.append(did) }
        }
        return people
    }

    /// Asks an index.
    ///
    /// - Returns: the answer, nil when the index does not know the reference, and a description of what it said.
    private func ask(
        _ query: ReferenceQuery,
        about reference: ProjectReference
    ) async throws(CallError) -> (answer: JSONValue?, detail: String) {
        let url: WebURL
        do { url = try query.url(of: reference.description) } catch {
            throw .refused(Refusal(.referenceMalformed, "it does not fit into the query of the index"))
        }
        // The operator chose the host; it is paused like all others when it fails.
        let response = try await http.send(
            HTTPRequest(.get, url, timeout: .seconds(10), maximumBody: Self.maximumBody, reach: .trusted)
        )
        guard response.isSuccess else {
            let error = XRPCError(response)
            // An error page of a proxy is not an answer of the index.
            if [400, 404].contains(response.status), error.name != nil { return (nil, "\(url) answers \(error)") }
            throw .answer(error)
        }
        let answer = try response.json()
        guard answer.object != nil || answer.array != nil else {
            throw .unreadable(status: response.status, detail: "the index answered with \(answer.kind)")
        }
        return (answer, url.description)
    }
}
