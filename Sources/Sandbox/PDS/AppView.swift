internal import ATProtocol
internal import Network

/// The few public reads of the AppView that a notifier needs.
///
/// It has no chat routes, which is what a forgotten `atproto-proxy` looks like.
struct AppView: Sendable {
    let accounts: AccountBook
    let repositories: RepositoryStore

    func answer(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        guard request.method == "GET", let method = request.xrpcMethod else { throw Self.unsupported }
        return try answer(method, request)
    }

    func answer(_ method: String, _ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        switch method {
        case "app.bsky.graph.getRelationships": try getRelationships(request)
        case "app.bsky.graph.getFollowers": try getFollowers(request)
        case "app.bsky.actor.getProfile": try getProfile(request)
        case "com.atproto.identity.resolveHandle": try resolveHandle(request)
        default: throw Self.unsupported
        }
    }

    /// What a service says of a method that it has not.
    static let unsupported = ResponseError.failure(404, "XRPCNotSupported", "XRPC Not Supported")

    private func getRelationships(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let others = request.parameters("others")
        guard others.count <= 30 else { throw .invalid("Params/others must not have more than 30 elements") }
        guard let name = request.parameter("actor") else {
            throw .invalid("Params must have the property \"actor\"")
        }
        func notFound(_ other: String) -> JSONValue {
            ["$type": "app.bsky.graph.defs#notFoundActor", "actor": .string(other), "notFound": true]
        }
        // Who asks after an account that is not known is told that everybody else is not; it is no error.
        guard let actor = accounts.account(named: name)?.did else {
            return .json(["relationships": .array(others.map(notFound))])
        }
        let list = others.map { other -> JSONValue in
            guard let did = accounts.account(named: other)?.did else { return notFound(other) }
            func uri(_ owner: DID, _ collection: String) -> JSONValue { .string("at://\(owner)/\(collection)/self") }
            var members: [String: JSONValue] = [
                "$type": "app.bsky.graph.defs#relationship", "did": .string(did.text),
            ]
            if accounts.follows(actor, did) { members["following"] = uri(actor, "app.bsky.graph.follow") }
            if accounts.follows(did, actor) { members["followedBy"] = uri(did, "app.bsky.graph.follow") }
            if accounts.blocks(actor, did) { members["blocking"] = uri(actor, "app.bsky.graph.block") }
            if accounts.blocks(did, actor) { members["blockedBy"] = uri(did, "app.bsky.graph.block") }
            return .object(members)
        }
        return .json(["actor": .string(actor.text), "relationships": .array(list)])
    }

    private func getFollowers(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let name = request.parameter("actor") ?? ""
        guard let subject = accounts.account(named: name) else { throw .invalid("Actor not found: \(name)") }
        let limit = request.parameter("limit").flatMap { Int($0) } ?? 50
        guard limit <= 100 else { throw .invalid("Params/limit can not be greater than 100") }
        let before = request.parameter("cursor").flatMap { Int($0) } ?? .max
        let followers = accounts.followers(of: subject.did).filter { $0.number < before }
        let page = followers.prefix(max(1, limit))
        func view(_ account: SandboxAccount) -> JSONValue {
            ["did": .string(account.did.text), "handle": .string(account.handle.text)]
        }
        var members: [String: JSONValue] = [
            "subject": view(subject), "followers": .array(page.map { view($0.account) }),
        ]
        if page.count < followers.count, let last = page.last { members["cursor"] = .string("\(last.number)") }
        return .json(.object(members))
    }

    private func getProfile(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        guard let account = request.parameter("actor").flatMap({ accounts.account(named: $0) }) else {
            throw .invalid("Profile not found")
        }
        let profile = repositories.record("at://\(account.did)/app.bsky.actor.profile/self")?.value
        var members: [String: JSONValue] = ["did": .string(account.did.text), "handle": .string(account.handle.text)]
        members["displayName"] = profile?["displayName"]
        let labels = (profile?["labels"]?["values"]?.array ?? []).map { label -> JSONValue in
            ["src": .string(account.did.text), "val": label["val"] ?? "", "uri": "", "cts": "2026-01-01T00:00:00Z"]
        }
        members["labels"] = .array(labels)
        return .json(.object(members))
    }

    private func resolveHandle(_ request: IncomingRequest) throws(ResponseError) -> HTTPResponse {
        let handle = request.parameter("handle") ?? ""
        guard let account = accounts.account(named: handle), account.did.text != handle else {
            throw .failure(400, "HandleNotFound", "Unable to resolve handle")
        }
        return .json(["did": .string(account.did.text)])
    }
}
