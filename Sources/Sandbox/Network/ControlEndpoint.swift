internal import ATProtocol
internal import Network

/// The HTTP side door of `impact-sandbox serve`: what a test in another language would call on ``SandboxNetwork``.
struct ControlEndpoint: Sendable {
    let network: @Sendable () -> SandboxNetwork?

    func answer(_ request: IncomingRequest) -> HTTPResponse {
        guard let network = network() else { return .text("stopped", status: 503) }
        let body = (try? JSONValue(parsing: request.body)) ?? [:]
        do {
            switch (request.method, request.path) {
            case ("GET", "/"): return .json(network.summary)
            case ("GET", "/messages"): return .json(Self.messages(of: network))
            case ("POST", "/faults"): return try Self.addFault(body, network)
            case ("DELETE", "/faults"):
                network.faults.clear()
                return .json([:])
            case ("POST", "/personality"): return try Self.usePersonality(body, network)
            case ("POST", "/clients"): return try Self.hostClient(body, network)
            case ("POST", "/stream"): return try Self.inflict(body, network)
            case ("POST", "/accounts"): return try Self.createAccount(body, network)
            case ("POST", "/records"): return try Self.createRecord(body, network)
            case ("DELETE", "/records"): return try Self.deleteRecord(body, network)
            case ("POST", "/repositories"): return try Self.createRepository(body, network)
            case ("POST", "/pds"): return try Self.movePDS(body, network)
            case ("POST", "/clock"):
                network.clock.advance(by: .seconds(body["seconds"]?.integer ?? 0))
                return .json(["now": .number(network.clock.now().seconds)])
            default: return .text("no such control", status: 404)
            }
        } catch {
            return .json(["error": .string("\(error)")], status: 400)
        }
    }

    private static func messages(of network: SandboxNetwork) -> JSONValue {
        .array(
            network.chat.messages.map { message in
                [
                    "id": .string(message.id), "from": .string(message.sender.text),
                    "to": .string(message.recipient.text), "text": .string(message.text),
                    "sentAt": .string(message.sentAt), "facets": message.facets ?? [],
                ]
            }
        )
    }

    private static func addFault(_ body: JSONValue, _ network: SandboxNetwork) throws(SandboxError) -> HTTPResponse {
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
        return .json(["pending": .integer(Int64(network.faults.pending))])
    }

    private static func usePersonality(
        _ body: JSONValue,
        _ network: SandboxNetwork
    ) throws(SandboxError) -> HTTPResponse {
        guard let personality = body["name"]?.string.flatMap(AuthorizationServer.Personality.init) else {
            throw SandboxError("give “name”: reference, cocoon or before-granular-scopes")
        }
        network.authorizationServer.use(personality)
        return .json([:])
    }

    private static func hostClient(_ body: JSONValue, _ network: SandboxNetwork) throws(SandboxError) -> HTTPResponse {
        guard let id = body["client_id"]?.string else { throw SandboxError("give “client_id” and “metadata”") }
        network.authorizationServer.host(body["metadata"], at: id)
        return .json([:])
    }

    private static func inflict(_ body: JSONValue, _ network: SandboxNetwork) throws(SandboxError) -> HTTPResponse {
        let index = Int(body["host"]?.integer ?? 0)
        guard let fault = StreamFault(name: body["fault"]?.string ?? "", body),
            network.streamHosts.indices.contains(index)
        else {
            let names = "drop, drop-after, reset, close, stall, garbage, binary, too-slow, internal-error, ping, tear"
            throw SandboxError("faults: \(names)")
        }
        network.streamHosts[index].inflict(fault)
        return .json(["clients": .integer(Int64(network.streamHosts[index].subscriberCount))])
    }

    private static func createAccount(
        _ body: JSONValue,
        _ network: SandboxNetwork
    ) throws(SandboxError) -> HTTPResponse {
        let policy = body["allowIncoming"]?.string.flatMap(AllowIncoming.init) ?? .all
        return .json(try network.createAccount(handle: body["handle"]?.string ?? "", allowIncoming: policy).summary)
    }

    private static func createRecord(
        _ body: JSONValue,
        _ network: SandboxNetwork
    ) throws(SandboxError) -> HTTPResponse {
        guard let account = network.account(named: body["repo"]?.string ?? ""), let record = body["record"] else {
            throw SandboxError("give “repo”, “collection” and “record”")
        }
        let uri = try network.createRecord(
            by: account,
            collection: body["collection"]?.string ?? "",
            record: record,
            key: body["rkey"]?.string
        )
        return .json(["uri": .string(uri.text)])
    }

    private static func deleteRecord(
        _ body: JSONValue,
        _ network: SandboxNetwork
    ) throws(SandboxError) -> HTTPResponse {
        guard let account = network.account(named: body["repo"]?.string ?? ""), let key = body["rkey"]?.string else {
            throw SandboxError("give “repo”, “collection” and “rkey”")
        }
        try network.deleteRecord(by: account, collection: body["collection"]?.string ?? "", key: key)
        return .json([:])
    }

    private static func createRepository(
        _ body: JSONValue,
        _ network: SandboxNetwork
    ) throws(SandboxError) -> HTTPResponse {
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
        return .json(.object(members))
    }

    private static func movePDS(_ body: JSONValue, _ network: SandboxNetwork) throws(SandboxError) -> HTTPResponse {
        guard let account = network.account(named: body["repo"]?.string ?? ""),
            let endpoint = body["endpoint"]?.string
        else { throw SandboxError("give “repo” and “endpoint”") }
        network.setPDS(endpoint, of: account)
        return .json([:])
    }
}

extension SandboxAccount {
    var summary: JSONValue {
        ["did": .string(did.text), "handle": .string(handle.text), "password": .string(password)]
    }
}
