internal import ATProtocol
internal import Network

/// The HTTP side door of `impact-sandbox serve`: what a test in another language would call on ``SandboxNetwork``.
struct ControlEndpoint {
    private let network: SandboxNetwork
    /// What the request says; an empty object when that is no JSON.
    private let body: JSONValue

    /// Carries a request out; the network is nil when it has stopped.
    static func answer(_ request: IncomingRequest, of network: SandboxNetwork?) -> HTTPResponse {
        guard let network else { return .text("stopped", status: 503) }
        let endpoint = ControlEndpoint(network: network, body: request.json ?? [:])
        do {
            guard let answer = try endpoint.answer(to: request.method, request.path) else {
                return .text("no such control", status: 404)
            }
            return .json(answer)
        } catch {
            return .json(["error": .string("\(error)")], status: 400)
        }
    }

    private func answer(to method: String, _ path: String) throws(SandboxError) -> JSONValue? {
        switch (method, path) {
        case ("GET", "/"): return network.summary
        case ("GET", "/messages"): return .array(network.chat.messages.map(\.summary))
        case ("POST", "/faults"): return try addFault()
        case ("DELETE", "/faults"): network.faults.clear()
        case ("POST", "/personality"): try usePersonality()
        case ("POST", "/clients"): try hostClient()
        case ("POST", "/stream"): return try inflict()
        case ("POST", "/accounts"):
            let policy = body["allowIncoming"]?.string.flatMap(AllowIncoming.init) ?? .all
            return try network.createAccount(handle: body["handle"]?.string ?? "", allowIncoming: policy).summary
        case ("POST", "/records"): return try createRecord()
        case ("DELETE", "/records"): try deleteRecord()
        case ("POST", "/repositories"): return try createRepository()
        case ("POST", "/pds"): try movePDS()
        case ("POST", "/clock"):
            network.clock.advance(by: .seconds(body["seconds"]?.integer ?? 0))
            return ["now": .number(network.clock.now().seconds)]
        default: return nil
        }
        return [:]
    }

    private func addFault() throws(SandboxError) -> JSONValue {
        guard let fault = Fault(name: body["fault"]?.string ?? "", body) else {
            let names = Fault.names.sorted().joined(separator: ", ")
            throw SandboxError("no such fault, or “respond” without “status”; faults: \(names)")
        }
        guard let pattern = body["on"]?.string ?? fault.misbehaviour.map({ _ in "" }) else {
            throw SandboxError("give “on”: text that occurs in “server METHOD /path?query”")
        }
        network.faults.add(
            fault,
            on: pattern,
            count: (body["count"]?.integer).map(Int.init),
            skipping: Int(body["skip"]?.integer ?? 0),
            lasting: (body["seconds"]?.integer).map { .seconds($0) }
        )
        return ["pending": .integer(Int64(network.faults.pending))]
    }

    private func usePersonality() throws(SandboxError) {
        guard let personality = body["name"]?.string.flatMap(AuthorizationServer.Personality.init) else {
            throw SandboxError("give “name”: reference, cocoon or before-granular-scopes")
        }
        network.authorizationServer.use(personality)
    }

    private func hostClient() throws(SandboxError) {
        guard let id = body["client_id"]?.string else { throw SandboxError("give “client_id” and “metadata”") }
        network.authorizationServer.host(body["metadata"], at: id)
    }

    private func inflict() throws(SandboxError) -> JSONValue {
        let index = Int(body["host"]?.integer ?? 0)
        guard let fault = StreamFault(name: body["fault"]?.string ?? "", body),
            network.streamHosts.indices.contains(index)
        else {
            let names = "drop, drop-after, reset, close, stall, garbage, binary, too-slow, internal-error, ping, tear"
            throw SandboxError("faults: \(names)")
        }
        network.streamHosts[index].inflict(fault)
        return ["clients": .integer(Int64(network.streamHosts[index].subscriberCount))]
    }

    private func createRecord() throws(SandboxError) -> JSONValue {
        guard let account = network.account(named: body["repo"]?.string ?? ""), let record = body["record"] else {
            throw SandboxError("give “repo”, “collection” and “record”")
        }
        let uri = try network.createRecord(
            by: account,
            collection: body["collection"]?.string ?? "",
            record: record,
            key: body["rkey"]?.string
        )
        return ["uri": .string(uri.text)]
    }

    private func deleteRecord() throws(SandboxError) {
        guard let account = network.account(named: body["repo"]?.string ?? ""), let key = body["rkey"]?.string else {
            throw SandboxError("give “repo”, “collection” and “rkey”")
        }
        try network.deleteRecord(by: account, collection: body["collection"]?.string ?? "", key: key)
    }

    private func createRepository() throws(SandboxError) -> JSONValue {
        let owner = try body["owner"]?.string.map { name throws(SandboxError) in
            guard let account = network.account(named: name) else { throw SandboxError("no account “\(name)”") }
            return account
        }
        let did: DID
        if let text = body["did"]?.string {
            do { did = try DID(text) } catch { throw SandboxError("\(error)") }
        } else {
            did = try network.createRepositoryIdentity(
                knot: body["knot"]?.string ?? "https://knot.example.org",
                isOlder: body["older"]?.bool ?? false
            )
        }
        var members: [String: JSONValue] = ["did": .string(did.text)]
        if let owner {
            let name = body["name"]?.string ?? "engine"
            members["uri"] = .string(try network.claim(did, by: owner, name: name, key: body["rkey"]?.string).text)
        }
        return .object(members)
    }

    private func movePDS() throws(SandboxError) {
        guard let account = network.account(named: body["repo"]?.string ?? ""),
            let endpoint = body["endpoint"]?.string
        else { throw SandboxError("give “repo” and “endpoint”") }
        network.setPDS(endpoint, of: account)
    }
}

extension SandboxAccount {
    /// What other programs are told of it.
    var summary: JSONValue {
        ["did": .string(did.text), "handle": .string(handle.text), "password": .string(password)]
    }
}

extension StoredMessage {
    /// What other programs are told of it.
    fileprivate var summary: JSONValue {
        [
            "id": .string(id), "from": .string(sender.text), "to": .string(recipient.text), "text": .string(text),
            "sentAt": .string(sentAt), "facets": facets ?? [],
        ]
    }
}
