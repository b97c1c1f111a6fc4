import ATProtocol
import Network
import OAuth
import Sandbox
import TestSupport
import Testing

@Suite struct `A session against the sandbox's servers` {
    private func convo(_ owner: SandboxAccount) throws -> XRPCCall {
        .query(
            try NSID("chat.bsky.convo.getConvoForMembers"),
            [("members", owner.did.text)],
            proxy: "did:web:api.bsky.chat#bsky_chat"
        )
    }

    @Test func `a loopback login gives a session that can open a conversation`() async throws {
        let login = try await SandboxLogin()
        let owner = try login.network.createAccount(handle: "owner.test")
        let status = try await login.logIn()
        #expect(status.state == .ok)
        #expect(status.canSendMessages)
        #expect(status.endsAt == (status.createdAt ?? 0) + 14 * 86_400)
        let session = try await StoredSession.open(login.configuration, login.environment, isDaemon: true)
        #expect(try await session.check() == "sender.test")
        let response = try await session.send(try convo(owner))
        #expect(response.status == 200)
    }

    @Test func `an expired token is renewed once, and fifty callers share it`() async throws {
        let login = try await SandboxLogin()
        let owner = try login.network.createAccount(handle: "owner.test")
        try await login.logIn()
        let session = try await StoredSession.open(login.configuration, login.environment, isDaemon: true)
        login.network.clock.advance(by: .seconds(3700))
        login.network.journal.clear()
        let call = try convo(owner)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { (try? await session.send(call))?.status ?? 0 } }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses == [Int](repeating: 200, count: 50))
        let refreshes = login.network.journal.entries(matching: "as POST /oauth/token").count { $0.status == 200 }
        #expect(refreshes == 1)
        #expect(await session.status().generation == 1)
        let again = try await StoredSession.open(login.configuration, login.environment)
        #expect(await again.status().generation == 1)
        #expect(try await again.check() == "sender.test")
    }
}
