import ATProtocol
import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import ImpactNotifier
@testable import LedgerStorage
@testable import Notifier

@Suite(.timeLimit(.minutes(1))) struct `What the endpoint tells apps of a request` {
    private static let author = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    private static let uri = "at://\(author)/org.example.changeRequest/3labc"
    private static let token = "0123456789abcdef"

    /// Somebody who knows of requests, and may keep it to themselves.
    private final class Desk: Sendable {
        let answer = Mutex<Result<RequestStanding?, LedgerError>?>(.success(nil))
        let asked = Mutex<[String]>([])
        let unanswered = Mutex<[@Sendable () -> Void]>([])

        var source: StatusSource {
            StatusSource(
                pending: { [] },
                obstacle: { nil },
                isSendingOff: { false },
                status: { [:] },
                metrics: { [] },
                page: { StatusPage(account: "did:web:bot", at: 0, age: "", findings: [], sections: []) },
                sender: { "@bot.test" },
                request: { uri, tell in
                    self.asked.withLock { $0.append(uri.text) }
                    if let answer = self.answer.withLock({ $0 }) { return tell(answer) }
                    self.unanswered.withLock { $0.append { tell(.success(nil)) } }
                }
            )
        }
    }

    private func server(
        _ desk: Desk = Desk(),
        at address: String = "127.0.0.1:0",
        token: String? = nil
    ) throws -> StatusServer {
        var configuration = StatusConfiguration()
        configuration.requestsToken = try token.map { try #require(BearerToken(Array($0.utf8))) }
        let address = try #require(StatusAddress(address))
        return try StatusServer(at: address, configuration, source: desk.source, logger: .silent)
    }

    private func get(
        _ path: String,
        _ server: StatusServer,
        _ fields: String = ""
    ) async throws -> (status: Int, head: String, json: JSONValue) {
        let port = server.port
        let answer = try await onThread {
            let connection = RawConnection(port: port)
            connection.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(fields)\r\n")
            return connection.answer()
        }
        let end = try #require(answer.firstRange(of: "\r\n\r\n"), "\(answer)")
        let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let body = String(answer[end.upperBound...])
        return (try #require(status), String(answer[..<end.lowerBound]), try JSONValue(parsing: body))
    }

    private static func job(_ state: JobState, _ reason: Reason? = nil) throws -> Job {
        var job = try StatusPageFixture.job(state, reason, rule: "r")
        (job.uri, job.owner, job.author) = try (ATURI(uri), DID("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"), DID(author))
        (job.recordText, job.detail) = (#"{"title":"secret words"}"#, "secret detail")
        (job.createdAt, job.updatedAt) = (UnixTime(seconds: 1_790_000_000), UnixTime(seconds: 1_790_000_060))
        (job.dueAt, job.waitUntil) = (UnixTime(seconds: 1_790_000_100), UnixTime(seconds: 1_790_086_400))
        return job
    }

    private static func standing(_ state: JobState, _ reason: Reason? = nil) throws -> RequestStanding {
        try #require(RequestStanding([job(state, reason)], now: UnixTime(seconds: 1_790_000_060)))
    }

    @Test(arguments: [uri, uri.replacing(":", with: "%3A").replacing("/", with: "%2F")])
    func `is asked by the AT-URI as it is, or percent-encoded`(path: String) async throws {
        let desk = Desk()
        let standing = try Self.standing(.deferred, .ownerDoesNotFollow)
        desk.answer.withLock { $0 = .success(standing) }
        let server = try server(desk)
        let (status, head, json) = try await get("/requests/\(path)", server)
        #expect(status == 200 && head.contains("application/json") && head.contains("no-store"))
        let expected: JSONValue = [
            "uri": .string(Self.uri), "state": "waiting", "reason": "follow-needed",
            "sentence": "The owner hears of it when they follow @bot.test.",
            "help": "Ask the owner to follow @bot.test.", "recipients": 1, "told": 0,
            "seen_at": "2026-09-21T14:13:20.000Z", "updated_at": "2026-09-21T14:14:20.000Z", "next_at": .null,
            "waits_until": "2026-09-22T14:13:20.000Z",
        ]
        #expect(json == expected, "\(json.encodedText)")
        #expect(desk.asked.withLock { $0 } == [Self.uri])
    }

    @Test(arguments: [JobState.deferred, .dropped]) func `says nothing of what somebody does not want`(
        state: JobState
    ) async throws {
        let desk = Desk()
        let standing = try Self.standing(state, state == .dropped ? .ownerStopped : .ownerDisabledMessages)
        desk.answer.withLock { $0 = .success(standing) }
        let json = try await get("/requests/\(Self.uri)", try server(desk)).json
        #expect(json["state"]?.string == "not-told" && json["reason"]?.string == "not-told")
        #expect(json["sentence"]?.string == "The owner is not told of it by @bot.test.")
        for key in ["recipients", "updated_at", "next_at", "waits_until"] { #expect(json[key] == .null) }
    }

    @Test(arguments: [
        "", "/", "/x", "/at://\(author)", "/at://\(author)/org.example.changeRequest", "/at://bob.test/org.example.x/k",
        "/\(uri)/", "/\(uri)%20", "/\(uri.replacing(":", with: "%253A"))", "//\(uri)",
    ]) func `is asked about a record, or not at all`(path: String) async throws {
        let desk = Desk()
        let (status, _, json) = try await get("/requests\(path)", try server(desk))
        #expect(status == 400 && json["error"]?.string == "malformed")
        #expect(json["sentence"]?.string?.contains("at://DID/COLLECTION/KEY") == true)
        #expect(desk.asked.withLock { $0 }.isEmpty)
    }

    @Test func `does not know what the ledger does not know, and says when the ledger fails`() async throws {
        let desk = Desk()
        let server = try server(desk)
        let (status, _, json) = try await get("/requests/\(Self.uri)", server)
        #expect(status == 404 && json["error"]?.string == "unknown")
        desk.answer.withLock { $0 = .failure(LedgerError(.corrupt, path: "/var/secret", detail: "secret")) }
        let failed = try await get("/requests/\(Self.uri)", server)
        #expect(failed.status == 503 && failed.json["error"]?.string == "unavailable")
        #expect(!failed.json.encodedText.contains("secret"))
    }

    @Test func `says after a second that the ledger hangs, and the fifth who asks meanwhile at once`() async throws {
        let desk = Desk()
        desk.answer.withLock { $0 = nil }
        let server = try server(desk)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await get("/requests/\(Self.uri)", server).status } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses == [503, 503, 503, 503])
        let fifth = try await get("/requests/\(Self.uri)", server)
        #expect(fifth.status == 503 && fifth.json["error"]?.string == "busy")
        #expect(try await get("/status", server).status == 200)
        // The ledger answers again.
        for tell in desk.unanswered.withLock({ $0 }) { tell() }
        desk.answer.withLock { $0 = .success(nil) }
        #expect(try await get("/requests/\(Self.uri)", server).status == 404)
    }

    @Test(arguments: ["127.0.0.1:0", "0.0.0.0:0"]) func `wants its token where there is one`(address: String)
        async throws
    {
        let desk = Desk()
        let server = try server(desk, at: address, token: Self.token)
        for fields in [
            "", "Authorization: Bearer \(Self.token)x\r\n", "Authorization: Bearer 0123456789abcdeF\r\n",
            "Authorization: Basic \(Self.token)\r\n", "Authorization: \(Self.token)\r\n",
            "Authorization: Bearer\r\n", "Authorization: Bearer \(Self.token)\r\nAuthorization: Bearer x\r\n",
        ] {
            let (status, head, json) = try await get("/requests/\(Self.uri)", server, fields)
            #expect(status == 401 && json["error"]?.string == "unauthorized", "\(fields)")
            #expect(head.contains("WWW-Authenticate: Bearer"))
            #expect(!json.encodedText.contains(Self.token))
        }
        #expect(desk.asked.withLock { $0 }.isEmpty)
        for scheme in ["Bearer", "bearer"] {
            let fields = "Authorization: \(scheme) \(Self.token)\r\n"
            #expect(try await get("/requests/\(Self.uri)", server, fields).status == 404)
        }
        // The others need none.
        #expect(try await get("/status", server).status == 200)
    }

    @Test func `is told to nobody where others reach it and there is no token`() async throws {
        let desk = Desk()
        let server = try server(desk, at: "0.0.0.0:0")
        let shown = "Authorization: Bearer \(Self.token)\r\n"
        let (status, _, json) = try await get("/requests/\(Self.uri)", server, shown)
        #expect(status == 403 && json["sentence"]?.string?.contains("status.requests_token_file") == true)
        #expect(desk.asked.withLock { $0 }.isEmpty)
    }

    @Test(arguments: [
        ("127.0.0.1:0", false), ("127.9.9.9:0", false), ("[::1]:0", false), ("0.0.0.0:0", true), ("[::]:0", true),
        ("192.0.2.1:0", true), ("[2001:db8::1]:0", true), ("128.0.0.1:0", true),
    ]) func `is this machine's alone on loopback`(address: String, isReachedByOthers: Bool) {
        let configuration = StatusConfiguration(address: StatusAddress(address))
        #expect(configuration.isReachedByOthers == isReachedByOthers)
    }

    @Test func `has a token of some length, which nothing prints`() throws {
        for text in ["", "short", "0123456789abcde", "0123456789 abcdef", "0123456789abcdé", "\(Self.token)\n"] {
            #expect(BearerToken(Array(text.utf8)) == nil, "\(text)")
        }
        let token = try #require(BearerToken(Array(Self.token.utf8)))
        var configuration = StatusConfiguration()
        configuration.requestsToken = token
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(token) \(configuration) \(dumped)".contains("0123456789"))
    }
}
