import ATProtocol
import Network
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(1))) struct `Refreshes at the same time` {
    /// Every order in which so many requests can do their two steps; the first time a number stands for finding, the second
    /// for rotating.
    private static func orders(of requests: Int) -> [[Int]] {
        var orders: [[Int]] = []
        func extend(_ order: [Int]) {
            guard order.count < 2 * requests else { return orders.append(order) }
            for request in 0..<requests where order.count(where: { $0 == request }) < 2 { extend(order + [request]) }
        }
        extend([])
        return orders
    }

    @Test func `end the session in whatever order their steps come`() throws {
        let did = try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
        let proof = OAuthTokenStore.ClientProof(clientID: "http://localhost", kid: nil, keyThumbprint: nil)
        let store = OAuthTokenStore(signer: try AccessTokenSigner(issuer: "http://127.0.0.1"))
        let orders = Self.orders(of: 4)
        #expect(orders.count == 2520)
        for order in orders {
            let token = try store.begin(did, proof, jkt: "k", scope: "atproto", at: 0).1.refreshToken
            var found: [Int: OAuthTokenStore.Found] = [:]
            var outcomes: [Int: String] = [:]
            for request in order where outcomes[request] == nil {
                do throws(OAuthTokenStore.Refusal) {
                    if let session = found[request] {
                        _ = try store.rotate(session, proof, jkt: "k", at: 1, deletesOnError: true)
                        outcomes[request] = "200"
                    } else {
                        found[request] = try store.find(token, deletesOnReplay: true)
                    }
                } catch {
                    outcomes[request] = "\(error)"
                }
            }
            try #require(
                outcomes.values.sorted() == [
                    "200", "invalidGrant(\"Invalid refresh token\")", "invalidGrant(\"Invalid refresh token\")",
                    "invalidGrant(\"Refresh token replayed\")",
                ],
                "\(order)"
            )
            try #require(store.count == 0, "\(order)")
        }
    }

    @Test func `leave nothing to the one that was answered`() async throws {
        let network = try await SandboxNetwork.start()
        let bot = try network.createAccount(handle: "bot.test")
        let client = try StrictClient(network)
        let tokens = try await client.logIn(bot)
        network.faults.add(.misbehave(.slowRotation(.seconds(1))))
        let answers = await withTaskGroup(of: HTTPResponse?.self) { group in
            for _ in 0..<4 { group.addTask { try? await client.refresh(tokens) } }
            return await group.reduce(into: [HTTPResponse]()) { if let answer = $1 { $0.append(answer) } }
        }
        let descriptions = answers.map(StrictClient.description).sorted()
        #expect(
            descriptions == [
                "200 - -", "400 invalid_grant Invalid refresh token", "400 invalid_grant Invalid refresh token",
                "400 invalid_grant Refresh token replayed",
            ]
        )
        let winner = try client.tokens(try #require(answers.first { $0.status == 200 }))
        #expect(StrictClient.description(try await client.getSession(winner)) == "401 invalid_token Invalid token")
        let next = StrictClient.description(try await client.refresh(winner))
        #expect(next == "400 invalid_grant Invalid refresh token")
        #expect(network.authorizationServer.sessionCount == 0)
    }
}
