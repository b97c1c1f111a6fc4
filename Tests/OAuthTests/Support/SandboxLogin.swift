import ATProtocol
import Logging
import Network
import OAuth
import Sandbox
import TestSupport

/// A sandbox network with one account, and a daemon's configuration for it.
struct SandboxLogin: Sendable {
    let network: SandboxNetwork
    let account: SandboxAccount
    let directory: TemporaryDirectory
    let client: HostingClient
    let log = LogRecorder()
    var configuration: SessionConfiguration
    var environment: SessionEnvironment

    init(_ kind: SessionKind = .loopback, clock: (any WallClock)? = nil) async throws {
        directory = try TemporaryDirectory()
        network = try await SandboxNetwork.start()
        account = try network.createAccount(handle: "sender.test")
        client = HostingClient(CurlHTTPClient.loopback())
        let identities = IdentityResolver(
            configuration: IdentityConfiguration(directory: network.plcURL, allowsLoopback: true),
            client: client
        )
        configuration = SessionConfiguration(
            account: account.did,
            kind: kind,
            stateDirectory: directory.path,
            scope: .transition,
            allowsLoopback: true
        )
        environment = SessionEnvironment(
            client: client,
            identities: identities,
            clock: clock ?? network.clock,
            sleeper: SandboxSleeper(network: network.clock),
            logger: log.logger
        )
    }

    /// Makes the client's key and hosts its metadata, where servers and this machine find it.
    mutating func hostClient(changing change: (inout [String: JSONValue]) -> Void = { _ in }) throws {
        let path = directory.path + "/client-\(UInt32.random(in: 0...UInt32.max)).json"
        let key = try ClientKey.generate(at: network.clock)
        try key.write(to: path)
        configuration.kind = .confidential
        configuration.clientID = HostingClient.clientID
        configuration.clientKeyPath = path
        let document = try ClientMetadata(configuration, environment).document(keys: [key])
        var members = document.object ?? [:]
        change(&members)
        client.host(.object(members))
        network.authorizationServer.host(document, at: HostingClient.clientID)
    }

    /// Opens the authorization URL as a browser would, up to the redirect; the callback's URL.
    func browse(_ url: WebURL) async throws -> String {
        let response = try await client.send(HTTPRequest(.get, url))
        return response.headers["Location"] ?? ""
    }

    /// Logs in, from nothing to a stored session.
    @discardableResult func logIn() async throws -> SessionStatus {
        let login = OAuthLogin(configuration, environment)
        let invitation = try await login.start(hint: account.handle.text)
        return try await login.complete(browse(invitation.authorizationURL))
    }
}
