import ATProtocol
import FoundationEssentials
import Network
import Sandbox
import TestSupport
import Testing

@testable import OAuth

/// Invariant 10: no secret is ever in a log, an error or a status.
@Suite struct `Secrets` {
    /// Everything that must never be printed, as it stands on the disk.
    private func secrets(_ fixture: SessionFixture) -> [String] {
        let scalar = fixture.record.binding?.dpopKey["d"]?.string ?? "abcd-efgh-ijkl-mnop"
        return ["access-0", "access-1", "refresh-0", "refresh-1", scalar, "abcd-efgh-ijkl-mnop", "eyJ"]
    }

    @Test(arguments: `A refresh, row by row of the failure table`.rows.map(\.answers) + [[.tokens(1)]])
    func `no refresh prints one`(
        answers: [Answer]
    ) async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, answers)
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_token", "Invalid token")])
        let session = try await fixture.open()
        fixture.clock.advance(3588)
        let call = try fixture.call
        let result = await Result { () async throws(SessionFailure) in try await session.send(call) }
        await session.maintain()
        var printed = fixture.log.text + "\(await session.status())"
        if case .failure(let failure) = result { printed += "\(failure)" }
        if let stored = fixture.stored { printed += "\(stored) \(stored.tokenMark)" }
        for secret in secrets(fixture) { #expect(!printed.contains(secret)) }
    }

    @Test func `no login prints one, and no file is open to others`() async throws {
        var login = try await SandboxLogin()
        try login.hostClient()
        try await login.logIn()
        let session = try await StoredSession.open(login.configuration, login.environment)
        login.network.clock.advance(by: .seconds(3700))
        _ = try await session.check()
        let stored = try JSONValue(parsing: login.directory.text("session.json"))
        let printed = login.log.text + "\(await session.status())"
        for name in ["access_token", "refresh_token"] {
            let secret = try #require(stored[name]?.string)
            #expect(!printed.contains(secret))
            #expect(!printed.contains(secret.prefix(20)))
        }
        for name in login.directory.names {
            let attributes = try FileManager.default.attributesOfItem(atPath: login.directory.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        #expect(!login.directory.names.contains("login.pending.json"))
    }

    @Test func `an encrypted session holds no secret in the clear`() async throws {
        var login = try await SandboxLogin()
        login.configuration.encryptionKeyPath = try login.directory.write(String(repeating: "7f", count: 32), to: "key")
        try await login.logIn()
        let text = login.directory.text("session.json")
        #expect(text.contains("encrypted"))
        #expect(!text.contains("ref-") && !text.contains("refresh_token") && !text.contains("dpop_key"))
        let session = try await StoredSession.open(login.configuration, login.environment)
        login.network.clock.advance(by: .seconds(3700))
        #expect(try await session.check() == "sender.test")
        #expect(!login.directory.text("session.json").contains("refresh_token"))
    }
}
