internal import ATProtocol
internal import Network

/// Records and the state of repositories.
extension PersonalDataServer {
    func getRecord(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let (repo, collection, key) = try place(request, in: "repo")
        let did = accounts.account(named: repo)?.did.text ?? repo
        let uri = "at://\(did)/\(collection)/\(key)"
        guard isReadable(did), let record = repositories.record(uri),
            request.parameter("cid").map({ $0 == record.cid }) ?? true
        else { throw .failure(400, "RecordNotFound", "Could not locate record: \(uri)") }
        return .json(["uri": .string(uri), "cid": .string(record.cid), "value": record.value])
    }

    /// A proof of one record (com.atproto.sync.getRecord).
    func getRecordProof(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let (did, collection, key) = try place(request, in: "did")
        let account = try hosted(did)
        switch accounts.status(of: account.did) {
        case "takendown": throw .failure(400, "RepoTakendown", "Repo has been takendown: \(did)")
        case "deactivated": throw .failure(400, "RepoDeactivated", "Repo has been deactivated: \(did)")
        case "deleted": throw Self.notFound(did)
        // The states that only relays give to an account are none of its own server's.
        default: break
        }
        let archive: [UInt8]?
        do { archive = try repositories.proof(account.did, collection, key) } catch { throw .serverError }
        guard let archive else { throw .failure(501, "MethodNotImplemented", "Method Not Implemented") }
        return HTTPResponse(status: 200, headers: ["Content-Type": "application/vnd.ipld.car"], body: archive)
    }

    /// What both ways to ask for one record name: whose it is, its collection and its key.
    private func place(
        _ request: IncomingRequest,
        in owner: String
    ) throws(ResponseError) -> (owner: String, collection: String, key: String) {
        guard let name = request.parameter(owner), let collection = request.parameter("collection"),
            let key = request.parameter("rkey")
        else { throw .invalid("Params must have the properties \"\(owner)\", \"collection\" and \"rkey\"") }
        return (name, collection, key)
    }

    func listRecords(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        guard let account = request.parameter("repo").flatMap({ accounts.account(named: $0) }),
            isReadable(account.did.text), let collection = request.parameter("collection")
        else { throw .invalid("Could not find repo: \(request.parameter("repo") ?? "")") }
        let limit = try request.pageLimit()
        var all = repositories.records(of: account.did, in: collection)
        let cursor = request.parameter("cursor")
        if request.parameter("reverse") == "true" {
            all = all.reversed().filter { entry in cursor.map { entry.key > $0 } ?? true }
        } else {
            all = all.filter { entry in cursor.map { entry.key < $0 } ?? true }
        }
        let page = all.prefix(limit)
        let records = page.map { entry -> JSONValue in
            [
                "uri": .string("at://\(account.did)/\(collection)/\(entry.key)"), "cid": .string(entry.record.cid),
                "value": entry.record.value,
            ]
        }
        var members: [String: JSONValue] = ["records": .array(records)]
        if let last = page.last, page.count == limit { members["cursor"] = .string(last.key) }
        return .json(.object(members))
    }

    func writeRecord(
        _ method: String,
        _ request: IncomingRequest,
        by caller: ResourceGuard.Caller
    ) throws(ResponseError) -> HTTPResponse {
        guard let body = request.json, let repo = body["repo"]?.string,
            let collection = body["collection"]?.string.flatMap({ try? NSID($0) })
        else { throw .invalid("Input must have the properties \"repo\" and \"collection\"") }
        guard accounts.account(named: repo)?.did == caller.did else {
            throw .failure(403, "Forbidden", "Repository is of another account")
        }
        // It is not known before it is done which of the two a `putRecord` is, so it needs both.
        let actions = ["createRecord": ["create"], "putRecord": ["create", "update"], "deleteRecord": ["delete"]]
        for action in actions[String(method.dropFirst("com.atproto.repo.".count))] ?? [] {
            guard case .oauth(let scope) = caller.means, !scope.permitsWriting(collection.text, action) else {
                continue
            }
            throw .failure(403, "ScopeMissingError", "Missing required scope \"repo:\(collection)?action=\(action)\"")
        }
        let key = body["rkey"]?.string.flatMap { try? RecordKey($0) }
        if method.hasSuffix("putRecord") {
            guard let key else { throw .invalid("Input must have the property \"rkey\"") }
            let uri = "at://\(caller.did)/\(collection)/\(key)"
            if let present = repositories.record(uri) {
                // What stands there already is no change, whatever was to be swapped for it.
                if let block = body["record"].flatMap({ try? RepositoryTree.encoded($0) }),
                    CID(of: block).text == present.cid
                {
                    return .json(["uri": .string(uri), "cid": .string(present.cid)])
                }
                guard body["swapRecord"] != .null else {
                    throw .failure(400, "InvalidSwap", "Record was at \(present.cid)")
                }
            }
        }
        let isDeletion = method == "com.atproto.repo.deleteRecord"
        guard isDeletion || body["record"]?.object != nil, !isDeletion || key != nil else {
            throw .invalid("Input must have the property \"\(isDeletion ? "rkey" : "record")\"")
        }
        let value = isDeletion ? nil : body["record"]
        let commits: [CommittedRecord]
        do {
            let change = RepositoryStore.Change(collection: collection, key: key, value: value)
            commits = try repositories.write(caller.did, [change])
        } catch {
            guard isDeletion else { throw .invalid(error.description) }
            return .json([:])
        }
        guard let commit = commits.first else { return .json([:]) }
        var members: [String: JSONValue] = [
            "commit": ["rev": .string(commit.rev.text), "cid": .string(commit.cid ?? "")]
        ]
        guard !isDeletion else { return .json(.object(members)) }
        members["uri"] = .string(commit.uri.text)
        members["cid"] = commit.cid.map(JSONValue.string)
        return .json(.object(members))
    }

    func getRepoStatus(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let did = request.parameter("did") ?? ""
        let account = try hosted(did)
        let status = accounts.status(of: account.did)
        var members: [String: JSONValue] = ["did": .string(did), "active": .bool(status == nil)]
        members["status"] = status.map(JSONValue.string)
        if status == nil { members["rev"] = (repositories.revision(of: account.did)?.text).map(JSONValue.string) }
        return .json(.object(members))
    }

    func describeRepository(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let name = request.parameter("repo") ?? ""
        guard let account = accounts.account(named: name) else { throw .invalid("Could not find user: \(name)") }
        let collections = repositories.collections(of: account.did).map(JSONValue.string)
        return .json([
            "handle": .string(account.handle.text), "did": .string(account.did.text),
            "collections": .array(collections),
            "handleIsCorrect": true,
        ])
    }

    /// The account of a DID.
    private func hosted(_ did: String) throws(ResponseError) -> SandboxAccount {
        guard let account = accounts.account(named: did), account.did.text == did else { throw Self.notFound(did) }
        return account
    }

    private static func notFound(_ did: String) -> ResponseError {
        .failure(400, "RepoNotFound", "Could not find repo for DID: \(did)")
    }

    /// Whether the repository is there and active: of an inactive one the PDS says the same as of an unknown one.
    private func isReadable(_ did: String) -> Bool {
        accounts.account(named: did).map { accounts.status(of: $0.did) == nil } ?? false
    }
}
