internal import ATProtocol
internal import Network
internal import Synchronization

/// Says whose a repository of code is that has a DID of its own, as `api.tangled.org` does on the live network.
///
/// It believes the record that named the repository last, and gives that record as it stands when it is asked. As the real
/// one it remembers a claim that an update has withdrawn, so that the record does not confirm it, and goes back to no older
/// claim when the record of the last one is deleted.
public final class RepositoryIndex: Sendable {
    private struct State {
        /// The AT-URI of the record that named a repository last, by the repository's DID.
        var claims: [String: String] = [:]
        /// Who works on which repository, by the AT-URI of the record that says so.
        var collaborators: [String: (repository: String, person: String)] = [:]
        var eventsProcessed: Int64 = 0
    }

    /// What it calls things.
    public let names: IndexNames

    private let faults: FaultPlan
    private let state = Mutex(State())

    init(_ names: IndexNames, faults: FaultPlan) {
        self.names = names
        self.faults = faults
    }

    /// Learns of a commit.
    func observe(_ commit: CommittedRecord) {
        let uri = commit.uri.text
        state.withLock { state in
            state.eventsProcessed += 1
            if commit.uri.collection?.text == names.collaborators {
                state.collaborators[uri] = nil
                if let repository = commit.value?["repo"]?.string, let person = commit.value?["subject"]?.string {
                    state.collaborators[uri] = (repository, person)
                }
            }
            guard commit.uri.collection?.text == names.collection else { return }
            if commit.operation == .delete {
                state.claims = state.claims.filter { $0.value != uri }
            } else if let repository = commit.value?[names.field]?.string {
                state.claims[repository] = uri
            }
        }
    }

    func answer(
        _ request: IncomingRequest,
        from repositories: RepositoryStore
    ) throws(ResponseError) -> HTTPResponse {
        guard request.isReading else { return HTTPResponse(status: 405) }
        switch request.xrpcMethod {
        case names.method: return try find(request, in: repositories)
        case names.collaboratorsMethod: return try collaborators(request)
        case names.coverageMethod:
            let count = state.withLock(\.eventsProcessed)
            let isReady = !faults.isInForce(.index(.lags))
            return .json(["ready": .bool(isReady), "lastCursor": .integer(count), "eventsProcessed": .integer(count)])
        default: return HTTPResponse(status: 404)
        }
    }

    private func find(
        _ request: IncomingRequest,
        in repositories: RepositoryStore
    ) throws(ResponseError) -> HTTPResponse {
        let failure = "invalid request: Failed to deserialize query string"
        guard let text = request.parameter(names.parameter) else {
            throw .invalid("\(failure): missing field `\(names.parameter)`")
        }
        guard let repository = try? DID(text) else { throw .invalid("\(failure): \(names.parameter): invalid DID") }
        let uri: String?
        switch faults.misbehaviour(at: request, \.indexLie) {
        case .claims(let uris):
            let claims = uris.map { claim($0, to: repository, in: repositories) }
            return .json(claims.count == 1 ? claims[0] : .array(claims))
        case .confuses:
            uri = state.withLock { $0.claims.filter { $0.key != repository.text }.min { $0.key < $1.key }?.value }
        case .lags: uri = nil
        case nil: uri = state.withLock { $0.claims[repository.text] }
        }
        guard let uri, let record = repositories.record(uri) else {
            throw .failure(404, "RecordNotFound", "record not found")
        }
        return .json(["uri": .string(uri), "cid": .string(record.cid), "value": record.value])
    }

    /// Whom records name, whoever wrote them.
    private func collaborators(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        guard let repository = request.parameter(names.collaboratorsParameter) else {
            throw .invalid("missing field `\(names.collaboratorsParameter)`")
        }
        let known = state.withLock { $0.collaborators }.filter { $0.value.repository == repository }
        let items = known.sorted { $0.key < $1.key }.map { uri, entry -> JSONValue in
            ["uri": .string(uri), "subject": .string(entry.person)]
        }
        return .json(["items": .array(items)])
    }

    /// A record shown as if it named the repository, whether it does, names another, or is not there.
    private func claim(_ uri: String, to repository: DID, in repositories: RepositoryStore) -> JSONValue {
        let record = repositories.record(uri)
        var value = record?.value.object ?? ["$type": .string(names.collection), "name": "engine"]
        value[names.field] = .string(repository.text)
        var members: [String: JSONValue] = ["uri": .string(uri), "value": .object(value)]
        members["cid"] = (record?.cid).map(JSONValue.string)
        return .object(members)
    }
}
