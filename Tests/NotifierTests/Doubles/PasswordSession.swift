import ATProtocol
import Network
import Sandbox

/// The simplest session that a PDS takes, for tests of what comes back over real HTTP.
struct PasswordSession: AccountSession {
    let account: DID
    private let pds: WebURL
    private let token: String
    private let http: any HTTPClient

    init(_ owner: SandboxAccount, network: SandboxNetwork, http: any HTTPClient, isPrivileged: Bool = true) async throws
    {
        account = owner.did
        pds = network.pdsURL
        self.http = http
        let password = network.createAppPassword(for: owner, isPrivileged: isPrivileged)
        let login: JSONValue = ["identifier": .string(owner.did.text), "password": .string(password)]
        let response = try await http.send(
            HTTPRequest(
                .post,
                pds.with(path: "/xrpc/com.atproto.server.createSession"),
                headers: ["Content-Type": "application/json"],
                body: login.encoded
            )
        )
        token = try JSONValue(parsing: response.body)["accessJwt"]?.string ?? ""
    }

    func send(_ call: XRPCCall) async throws(SessionError) -> HTTPResponse {
        var request = HTTPRequest(
            call.kind == .query ? .get : .post,
            pds.with(path: "/xrpc/\(call.method)", query: call.parameters),
            timeout: .seconds(60)
        )
        request.headers["Authorization"] = "Bearer \(token)"
        request.headers["atproto-proxy"] = call.proxy
        if let body = call.body {
            request.headers["Content-Type"] = "application/json"
            request.body = body.encoded
        }
        do { return try await http.send(request) } catch { throw SessionError(error) }
    }
}
