internal import ATProtocol
internal import Network

/// The network of a test file: every account has a PDS with the records of the file; an index gives its answers.
struct RehearsedNetwork: HTTPClient, IdentityResolving {
    /// By AT-URI.
    let records: [String: JSONValue]
    /// By URL: the rule's, with the reference filled in.
    let answers: [String: JSONValue]
    /// The accounts of handles, by normalized handle.
    let handles: [String: DID]

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let fields = Dictionary(PercentEncoding.parseForm(request.url.query ?? "").map { ($0.name, $0.value) }) { $1 }
        switch request.url.path {
        case "/xrpc/com.atproto.repo.getRecord" where request.url.host == Self.pds:
            let uri = "at://\(fields["repo"] ?? "")/\(fields["collection"] ?? "")/\(fields["rkey"] ?? "")"
            guard var members = records[uri]?.object else { return .error(400, "RecordNotFound") }
            members["$type"] = members["$type"] ?? .string(fields["collection"] ?? "")
            return .answer(["uri": .string(uri), "value": .object(members)])
        case "/xrpc/com.atproto.repo.listRecords" where request.url.host == Self.pds:
            let beginning = "at://\(fields["repo"] ?? "")/\(fields["collection"] ?? "")/"
            let held = records.filter { $0.key.hasPrefix(beginning) }.sorted { $0.key < $1.key }
            return .answer([
                "records": .array(
                    held.map { uri, record -> JSONValue in
                        var members = record.object ?? [:]
                        members["$type"] = members["$type"] ?? .string(fields["collection"] ?? "")
                        return ["uri": .string(uri), "cid": "", "value": .object(members)]
                    }
                )
            ])
        case "/xrpc/com.atproto.sync.getRepoStatus" where request.url.host == Self.pds: return .answer(["active": true])
        case "/xrpc/com.atproto.repo.describeRepo" where request.url.host == Self.pds:
            let beginning = "at://\(fields["repo"] ?? "")/"
            let collections = records.keys.filter { $0.hasPrefix(beginning) }.map {
                String($0.dropFirst(beginning.count).prefix { $0 != "/" })
            }
            return .answer(["collections": .array(Set(collections).sorted().map { .string($0) })])
        default:
            let url = PercentEncoding.decode(request.url.description)
            guard let answer = answers.first(where: { PercentEncoding.decode($0.key) == url })?.value else {
                return .error(404, "NotFound")
            }
            return .answer(answer)
        }
    }

    private static let pds = "pds.example"

    func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument {
        let service: JSONValue = [
            "id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": .string("https://\(Self.pds)"),
        ]
        return try DIDDocument(["id": .string(did.text), "service": [service]], of: did)
    }

    func did(of handle: Handle) async throws(IdentityError) -> DID {
        guard let did = handles[handle.normalized] else {
            throw IdentityError(code: .handleUnresolved, subject: handle.text, detail: "'handles' does not name it")
        }
        return did
    }
}

extension HTTPResponse {
    fileprivate static func answer(_ json: JSONValue) -> HTTPResponse {
        HTTPResponse(status: 200, body: Array(json.encodedText.utf8))
    }

    fileprivate static func error(_ status: Int, _ name: String) -> HTTPResponse {
        HTTPResponse(status: status, body: Array(JSONValue.object(["error": .string(name)]).encodedText.utf8))
    }
}
