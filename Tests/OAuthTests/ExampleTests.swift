import ATProtocol
import Logging
import Network
import OAuth
import Sandbox
import Testing

// The examples of the library's documentation, as a stranger would write them.

func logIn(_ login: OAuthLogin, show: (WebURL) async throws -> Void) async throws -> SessionStatus {
    let listener = try CallbackListener()
    defer { listener.close() }
    let invitation = try await login.start(port: listener.port)
    listener.expect(invitation)
    try await show(invitation.authorizationURL)
    guard let callback = await listener.callback() else { throw CancellationError() }
    return try await login.complete(callback)
}

func ownName(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) async throws -> String? {
    let session = try await StoredSession.open(configuration, environment)
    let answer = try await session.send(.query(NSID("com.atproto.server.getSession")))
    guard answer.isSuccess else { throw XRPCError(answer) }
    return try JSONValue(parsing: answer.body)["handle"]?.string
}

func makeEnvironment() throws -> SessionEnvironment {
    let client = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "example/1.0"))
    let directory = IdentityConfiguration(directory: try WebURL("https://plc.directory"))
    let identities = IdentityResolver(configuration: directory, client: client)
    return SessionEnvironment(client: client, identities: identities, logger: Logger(label: "example"))
}

func makeConfiguration(of account: DID, in directory: String) -> SessionConfiguration {
    SessionConfiguration(account: account, kind: .loopback, stateDirectory: directory, scope: .transition)
}

func keepAlive(_ session: StoredSession, while work: () async throws -> Void) async throws {
    async let _: Void = session.run()
    try await work()
}

func sendCarefully(_ call: XRPCCall, with session: any AccountSession) async throws(SessionError) -> HTTPResponse {
    do throws(SessionError) {
        return try await session.send(call)
    } catch {
        guard error.code == .transport, !error.mayHaveBeenSent else { throw error }
        return try await session.send(call)
    }
}

func makeClient(
    _ configuration: SessionConfiguration,
    _ environment: SessionEnvironment,
    keyFile: String
) throws(OAuthError) -> String {
    let key = try ClientKey.generate(at: environment.clock)
    try key.write(to: keyFile)
    return try ClientMetadata(configuration, environment).document(keys: [key]).encodedText
}

@Suite(.timeLimit(.minutes(1))) struct `The examples of the OAuth library` {
    @Test func `log in by the browser, and make calls as the account`() async throws {
        let world = try await SandboxLogin()
        let status = try await logIn(OAuthLogin(world.configuration, world.environment)) { address in
            let callback = try await world.browse(address)
            #expect(try await world.client.send(HTTPRequest(.get, WebURL(callback))).status == 200)
        }
        #expect(status.state == .ok && status.endsAt != nil)
        #expect(try await ownName(world.configuration, world.environment) == "sender.test")
        let session = try await StoredSession.open(world.configuration, world.environment, isDaemon: true)
        try await keepAlive(session) {
            let call = XRPCCall.query(try NSID("com.atproto.server.getSession"))
            #expect(try await sendCarefully(call, with: session).status == 200)
        }
    }

    @Test func `need nothing but an account and a directory`() throws {
        let account = try DID("did:plc:ewvi7nxzyoun6zhxrhs64oiz")
        let configuration = makeConfiguration(of: account, in: "/var/lib/example")
        #expect(configuration.account == account && configuration.kind == .loopback && !configuration.allowsLoopback)
        #expect(throws: Never.self) { try makeEnvironment() }
    }

    @Test func `make a client with a name of its own`() async throws {
        let world = try await SandboxLogin()
        var configuration = world.configuration
        configuration.clientID = "https://example.org/client.json"
        configuration.clientName = "Example"
        let path = world.directory.path + "/key.json"
        let text = try makeClient(configuration, world.environment, keyFile: path)
        let document = try JSONValue(parsing: text)
        #expect(document["client_name"] == "Example")
        let key = try ClientKey.load(path)
        #expect(document["jwks"]?["keys"]?[0] == key.publicJWK)
        #expect(throws: OAuthError.self) { try makeClient(configuration, world.environment, keyFile: path) }
    }
}
