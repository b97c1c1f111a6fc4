import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(1))) struct `Asking the AppView how accounts stand to the sender` {
    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let owner: SandboxAccount

    init() async throws {
        network = try await SandboxNetwork.start()
        bot = try network.createAccount(handle: "bot.test")
        owner = try network.createAccount(handle: "owner.test")
        network.setFollowing(true, owner, bot)
    }

    private func client(of sender: DID) throws -> RelationshipClient {
        var configuration = try World.configuration()
        configuration.lookup.appView = network.appViewURL
        return RelationshipClient(
            configuration: configuration,
            sender: sender,
            http: CurlHTTPClient.loopback(),
            clock: ManualClock(),
            logger: .silent
        )
    }

    @Test func `an AppView that does not know the sender has said nothing of anybody, and may be asked again`()
        async throws
    {
        let client = try client(of: World.sender)
        #expect(try await client.relationships(with: [owner.did]).isEmpty)
        #expect(client.pause(of: .relationships) == nil)
        #expect(network.journal.entries(matching: "getRelationships").map(\.status) == [200])
    }

    @Test func `whom the AppView does not know, while it knows others, follows nobody`() async throws {
        let stranger = World.did("stranger")
        let found = try await client(of: bot.did).relationships(with: [owner.did, stranger])
        #expect(found[owner.did] == Relationship(isFollower: true, isBlocked: false))
        #expect(found[stranger] == Relationship(isFollower: false, isBlocked: false))
    }
}
