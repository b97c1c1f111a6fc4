internal import ATProtocol
internal import Network

/// Records and the state of repositories.
extension PersonalDataServer {
    func getRecord(_ request: IncomingRequest) -> HTTPResponse {
        guard let repo = request.parameter("repo"), let collection = request.parameter("collection"),
            let key = request.parameter("rkey")
        else {
            return .failure(
                400,
                "InvalidRequest",
                "Params must have the properties \"repo\", \"collection\" and \"rkey\""
            )
        }
        let did = accounts.account(named: repo)?.did.text ?? repo
        let uri = "at://\(did)/\(collection)/\(key)"
        guard isReadable(did), let record = repositories.record(uri),
            request.parameter("cid").map({ $0 == record.cid }) ?? true
        else { return .failure(400, "RecordNotFound", "Could not locate record: \(uri)") }
        return .json(["uri": .string(uri), "cid": .string(record.cid), "value": record.value])
    }

    /// A proof of one record (com.atproto.sync.getRecord).
    func getRecordProof(_ request: IncomingRequest) -> HTTPResponse {
        guard let did = request.parameter("did"), let collection = request.parameter("collection"),
            let key = request.parameter("rkey")
        else {
            return .failure(
                400,
                "InvalidRequest",
                "Params must have the properties \"did\", \"collection\" and \"rkey\""
            )
        }
        guard let account = accounts.account(named: did), account.did.text == did else {
            return .failure(400, "RepoNotFound", "Could not find repo for DID: \(did)")
        }
        switch accounts.status(of: account.did) {
        case "takendown": return .failure(400, "RepoTakendown", "Repo has been takendown: \(did)")
        case "deactivated": return .failure(400, "RepoDeactivated", "Repo has been deactivated: \(did)")
        case "deleted": return .failure(400, "RepoNotFound", "Could not find repo for DID: \(did)")
        // The states that only relays give to an account are none of its own server's.
        default: break
        }
        do {
            guard let archive = try repositories.proof(account.did, collection, key) else {
                return .failure(501, "MethodNotImplemented", "Method Not Implemented")
            }
            return HTTPResponse(
                status: 200,
                headers: ["Content-Type": "application/vnd.ipld.car"],
                body: archive
            )
        } catch {
            return .failure(500, "InternalServerError", "Internal Server Error")
        }
    }

    func listRecords(_ request: IncomingRequest) -> HTTPResponse {
        guard let account = request.parameter("repo").flatMap({ accounts.account(named: $0) }),
            isReadable(account.did.text), let collection = request.parameter("collection")
        else { return .failure(400, "InvalidRequest", "Could not find repo: \(request.parameter("repo") ?? "")") }
        let limit = request.parameter("limit").map { Int($0) ?? 0 } ?? 50
        guard (1...100).contains(limit) else {
            return .failure(400, "InvalidRequest", "Params/limit must be between 1 and 100")
        }
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

    func writeRecord(_ method: String, _ request: IncomingRequest, by caller: ResourceGuard.Caller) -> HTTPResponse {
        guard let body = try? JSONValue(parsing: request.body), let repo = body["repo"]?.string,
            let collection = body["collection"]?.string.flatMap({ try? NSID($0) })
        else { return .failure(400, "InvalidRequest", "Input must have the properties \"repo\" and \"collection\"") }
        guard accounts.account(named: repo)?.did == caller.did else {
            return .failure(403, "Forbidden", "Repository is of another account")
        }
        // It is not known before it is done which of the two a `putRecord` is, so it needs both.
        let actions = ["createRecord": ["create"], "putRecord": ["create", "update"], "deleteRecord": ["delete"]]
        for action in actions[String(method.dropFirst("com.atproto.repo.".count))] ?? [] {
            guard case .oauth(let scope) = caller.means, !scope.permitsWriting(collection.text, action) else {
                continue
            }
            return .failure(
                403,
                "ScopeMissingError",
                "Missing required scope \"repo:\(collection)?action=\(action)\""
            )
        }
        let key = body["rkey"]?.string.flatMap { try? RecordKey($0) }
        if method.hasSuffix("putRecord") {
            guard let key else { return .failure(400, "InvalidRequest", "Input must have the property \"rkey\"") }
            let uri = "at://\(caller.did)/\(collection)/\(key)"
            if let present = repositories.record(uri) {
                // What stands there already is no change, whatever was to be swapped for it.
                if let block = body["record"].flatMap({ try? RepositoryTree.encoded($0) }),
                    CID(of: block).text == present.cid
                {
                    return .json(["uri": .string(uri), "cid": .string(present.cid)])
                }
                guard body["swapRecord"] != .null else {
                    return .failure(400, "InvalidSwap", "Record was at \(present.cid)")
                }
            }
        }
        let isDeletion = method == "com.atproto.repo.deleteRecord"
        guard isDeletion || body["record"]?.object != nil, !isDeletion || key != nil else {
            return .failure(400, "InvalidRequest", "Input must have the property \"\(isDeletion ? "rkey" : "record")\"")
        }
        do {
            let change = RepositoryStore.Change(
                collection: collection,
                key: key,
                value: isDeletion ? nil : body["record"]
            )
            guard let commit = try repositories.write(caller.did, [change]).first else { return .json([:]) }
            var members: [String: JSONValue] = [
                "commit": ["rev": .string(commit.rev.text), "cid": .string(commit.cid ?? "")]
            ]
            guard !isDeletion else { return .json(.object(members)) }
            members["uri"] = .string(commit.uri.text)
            members["cid"] = commit.cid.map(JSONValue.string)
            return .json(.object(members))
        } catch {
            return isDeletion ? .json([:]) : .failure(400, "InvalidRequest", error.description)
        }
    }

    func getRepoStatus(_ request: IncomingRequest) -> HTTPResponse {
        let did = request.parameter("did") ?? ""
        guard let account = accounts.account(named: did), account.did.text == did else {
            return .failure(400, "RepoNotFound", "Could not find repo for DID: \(did)")
        }
        let status = accounts.status(of: account.did)
        var members: [String: JSONValue] = ["did": .string(did), "active": .bool(status == nil)]
        members["status"] = status.map(JSONValue.string)
        if status == nil { members["rev"] = (repositories.revision(of: account.did)?.text).map(JSONValue.string) }
        return .json(.object(members))
    }

    func describeRepository(_ request: IncomingRequest) -> HTTPResponse {
        let name = request.parameter("repo") ?? ""
        guard let account = accounts.account(named: name) else {
            return .failure(400, "InvalidRequest", "Could not find user: \(name)")
        }
        let collections = repositories.collections(of: account.did).map(JSONValue.string)
        return .json([
            "handle": .string(account.handle.text), "did": .string(account.did.text),
            "collections": .array(collections),
            "handleIsCorrect": true,
        ])
    }

    /// Whether the repository is there and active: of an inactive one the PDS says the same as of an unknown one.
    private func isReadable(_ did: String) -> Bool {
        accounts.account(named: did).map { accounts.status(of: $0.did) == nil } ?? false
    }
}
