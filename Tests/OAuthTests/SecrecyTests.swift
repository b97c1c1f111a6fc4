import ATProtocol
import FoundationEssentials
import Logging
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
        let result = await Result { () async throws(SessionError) in try await session.send(call) }
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

    /// What a server may do with a secret that it was sent, in an answer's text.
    private static let quotes: [@Sendable (String) -> String] = [
        { $0 }, { $0.uppercased() }, { "token “\($0.dropFirst(3))” is unknown" }, { "…" + $0.prefix(24) + "…" },
        { $0.utf8.map { "\\u00" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() },
    ]

    /// Places that a server writes to: statuses, errors, challenges, pages.
    private static let answers: [@Sendable (String) -> HTTPResponse] = [
        { json(400, #"{"error":"invalid_grant","error_description":"\#($0)"}"#) },
        { json(400, #"{"error":"\#($0)"}"#) },
        { json(401, #"{"error":"invalid_client","error_description":"\#($0)"}"#) },
        { HTTPResponse(status: 403, body: Array("<html>\($0)".utf8)) },
        {
            json(
                401,
                #"{"error":"invalid_token","message":"\#($0)"}"#,
                ["WWW-Authenticate": #"DPoP error="invalid_token""#]
            )
        },
        {
            HTTPResponse(
                status: 401,
                headers: ["WWW-Authenticate": #"DPoP error="invalid_dpop_proof", error_description="\#($0)""#]
            )
        },
        { json(403, #"{"error":"ScopeMissingError","message":"\#($0)"}"#) },
        { json(401, #"{"error":"AccountTakedown","message":"\#($0)"}"#) },
    ]

    private static func json(_ status: Int, _ text: String, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    @Test(arguments: [SessionFixture.tokenPath, SessionFixture.callPath], answers.indices)
    func `what a server quotes back is nowhere to be seen`(place: String, index: Int) async throws {
        var fixture = try SessionFixture()
        let (access, refresh) = ("eyJ0eXAiOiJhdCtqd3QifQ.long-access-token.x", String(repeating: "0123abcd", count: 8))
        fixture.record.accessToken = access
        fixture.record.refreshToken = refresh
        fixture.store()
        for secret in [access, refresh] {
            for quote in Self.quotes {
                fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
                fixture.client.script(place, [.success(Self.answers[index](quote(secret)))])
                let session = try await fixture.open(isDaemon: false)
                fixture.clock.advance(3588)
                let call = try fixture.call
                let result = await Result { () async throws(SessionError) in try await session.send(call) }
                await session.maintain()
                await session.drain()
                let status = await session.status()
                var printed = fixture.log.text + "\(status)\(status.sendObstacle?.description ?? "")"
                switch result {
                case .success(let response):
                    printed += "\(XRPCError(response))" + String(decoding: response.body, as: UTF8.self)
                case .failure(let failure): printed += "\(failure)"
                }
                if let stored = fixture.stored { printed += "\(stored.setbacks)\(stored.verdict as Any)" }
                #expect(!printed.lowercased().contains(secret.prefix(16).lowercased()))
                #expect(!printed.lowercased().contains(secret.dropFirst(20).prefix(16).lowercased()))
                fixture.clock.advance(-3588)
                fixture.store()
            }
        }
    }

    @Test func `a plain file under a configured key is warned of, and encrypted at the next write`() async throws {
        var fixture = try SessionFixture()
        fixture.files.put(String(repeating: "0a", count: 32), at: "/state/key")
        fixture.configuration.encryptionKeyPath = "/state/key"
        let warning = "session file is not encrypted, although a key is configured; the next write encrypts it"
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        let session = try await fixture.open()
        #expect(fixture.log.count(warning, .warning) == 1)
        #expect(fixture.files.text(SessionFixture.file)?.contains("refresh-0") == true)
        fixture.clock.advance(4000)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.files.text(SessionFixture.file)?.contains("refresh_token") == false)
        await session.drain()
        _ = try await fixture.open(isDaemon: false)
        #expect(fixture.log.count(warning) == 1)
    }

    @Test(arguments: [0, 1, 2])
    func `what a server writes beside its tokens is nowhere to be seen`(place: Int) async throws {
        var fixture = try SessionFixture()
        let refresh = String(repeating: "0123abcd", count: 8)
        fixture.record.refreshToken = refresh
        fixture.store()
        let answer: Answer =
            place == 0
            ? .tokens(1, sub: refresh)
            : place == 1 ? .tokens(1, scope: "atproto \(refresh)") : .tokens(1, scope: "\(refresh)")
        fixture.client.script(SessionFixture.tokenPath, [answer])
        let session = try await fixture.open()
        fixture.clock.advance(3588)
        let call = try fixture.call
        var printed = ""
        do { _ = try await session.send(call) } catch { printed += "\(error)" }
        await session.maintain()
        printed += fixture.log.text + "\(await session.status())"
        #expect(!printed.contains(refresh.prefix(16)))
    }

    @Test func `an account by the name of the password is nowhere to be seen`() async throws {
        let fixture = try SessionFixture(.appPassword)
        fixture.client.script("/xrpc/com.atproto.server.refreshSession", [.error(400, "ExpiredToken", "x")])
        fixture.client.script(
            "/xrpc/com.atproto.server.createSession",
            [
                .json(["accessJwt": "a", "refreshJwt": "b", "did": "abcd-efgh-ijkl-mnop"])
            ]
        )
        fixture.client.script(SessionFixture.callPath, [.error(400, "ExpiredToken", "x")])
        let session = try await fixture.open()
        let call = try fixture.call
        _ = try? await session.send(call)
        let printed = fixture.log.text + "\(await session.status())"
        #expect(!printed.contains("abcd-efgh-ijkl-mnop"))
    }

    @Test func `a grant that quotes the token is shown without it`() async throws {
        var fixture = try SessionFixture()
        let refresh = String(repeating: "0123abcd", count: 8)
        fixture.record.refreshToken = refresh
        fixture.store()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1, scope: SessionFixture.chatScope + " " + refresh)])
        let session = try await fixture.open()
        fixture.clock.advance(3590)
        let call = try fixture.call
        _ = try? await session.send(call)
        let status = await session.status()
        #expect(!"\(status)".contains(refresh))
    }
}
