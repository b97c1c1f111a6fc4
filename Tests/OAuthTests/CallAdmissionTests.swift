import ATProtocol
import Network
import TestSupport
import Testing

@testable import OAuth

/// Whether a message could be sent now, case by case; the calls themselves are let through by the same code.
@Suite struct `Whether a message could be sent now` {
    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        /// The session's state, as the machine came to it at time 0.
        var machine = SessionMachine()
        var hasRecord = true
        var kind = SessionKind.confidential
        var scope = SessionFixture.chatScope
        /// Seconds until the access token ends; nil when nobody knows.
        var left: UnixTime? = 1000
        var isRefused = false
        var isUnsaved = false
        var followsCrash = false
        /// What the sentence says; nil when a message could be sent.
        let obstacle: String?
        var remedy = "impact-notifier doctor"

        var testDescription: String { what }
    }

    /// A machine after these events, at time 0.
    private static func machine(_ events: (inout SessionMachine) -> Void) -> SessionMachine {
        var machine = SessionMachine()
        events(&machine)
        return machine
    }

    private static let zero = SessionTime(date: 0, uptime: 0)

    private static func refreshFailed(_ verdict: RefreshVerdict, accessEnds: UnixTime = 0) -> SessionMachine {
        machine { $0.refreshFailed(verdict, at: zero, accessEnds: accessEnds, jitter: 0.5) }
    }

    private static func callFailed(_ reason: SessionProblem.Reason, _ detail: String) -> SessionMachine {
        machine { $0.take(.callFailed(.degraded(SessionProblem(reason, detail))), at: zero, jitter: 0.5) }
    }

    private static let full = "No space left on device"
    private static let withheld = refreshFailed(.postponed(.storage, full))

    static let cases = [
        Case(what: "all is well", obstacle: nil),
        Case(
            what: "there is no session",
            machine: machine {
                $0.settle(.needsLogin(SessionProblem(.neverLoggedIn, "there is no session in /state")))
            },
            hasRecord: false,
            obstacle: "the session needs a login (never-logged-in): there is no session in /state",
            remedy: "impact-notifier login"
        ),
        Case(
            what: "the refresh token is dead, and the access token still serves",
            machine: refreshFailed(.ended(.tokenDead, "Refresh token replayed", mayStillServe: true), accessEnds: 1000),
            obstacle: nil
        ),
        Case(
            what: "the refresh token is dead, and the access token has ended, too",
            machine: refreshFailed(.ended(.tokenDead, "Refresh token replayed", mayStillServe: true), accessEnds: -1),
            left: -1,
            obstacle: "the session needs a login (token-dead): Refresh token replayed",
            remedy: "impact-notifier login"
        ),
        Case(
            what: "the refresh token is dead, and the PDS refuses the access token",
            machine: refreshFailed(.ended(.tokenDead, "Refresh token replayed", mayStillServe: true), accessEnds: 1000),
            isRefused: true,
            obstacle: "the PDS refuses the access token, which cannot be renewed (token-dead): Refresh token replayed",
            remedy: "impact-notifier login"
        ),
        Case(
            what: "the session is dead with its access token",
            machine: refreshFailed(.ended(.sessionEnded, "Session expired", mayStillServe: false), accessEnds: 1000),
            obstacle: "the session needs a login (session-ended): Session expired",
            remedy: "impact-notifier login"
        ),
        Case(
            what: "the client is not accepted",
            machine: refreshFailed(.misfit(.clientRefused, "no such key")),
            obstacle: "the session is misconfigured (client-refused): no such key",
            remedy: "impact-notifier client verify"
        ),
        Case(
            what: "an answer was set aside",
            machine: refreshFailed(.setAside("no tokens")),
            obstacle: "the session was set aside (unusable-answer): no tokens",
            remedy: "impact-notifier login"
        ),
        Case(what: "a renewal failed, and the token still serves", machine: withheld, obstacle: nil),
        Case(
            what: "the token has ended, and the store takes no successor",
            machine: withheld,
            left: 0,
            obstacle: "the access token has ended and cannot be renewed (storage): No space left on device"
        ),
        Case(
            what: "the token has ended, and the server cannot be reached",
            machine: refreshFailed(.postponed(.unreachable, "connection refused")),
            left: -1,
            obstacle: "the access token has ended and cannot be renewed (unreachable): connection refused"
        ),
        Case(
            what: "the token has ended, and the server limits renewals",
            machine: refreshFailed(.rateLimited(600)),
            left: -1,
            obstacle:
                "the access token has ended and cannot be renewed (rate-limited): the server limits the number of requests"
        ),
        Case(
            what: "the token has ended, and its successor cannot be written",
            machine: machine { $0.rotated(unsaved: full) },
            left: -1,
            isUnsaved: true,
            obstacle:
                "the access token has ended and cannot be renewed (rotated-token-unsaved): No space left on device"
        ),
        Case(
            what: "the successor is in memory only, and serves",
            machine: machine { $0.rotated(unsaved: full) },
            isUnsaved: true,
            obstacle: nil
        ),
        Case(what: "the token has ended, and the next call renews it", left: -1, obstacle: nil),
        Case(what: "nobody knows when the token ends", left: nil, obstacle: nil),
        Case(what: "an earlier process may have spent the refresh token", followsCrash: true, obstacle: nil),
        Case(what: "the PDS refused the token, and the next call renews it", isRefused: true, obstacle: nil),
        Case(
            what: "the PDS refused the token, and it cannot be renewed",
            machine: withheld,
            isRefused: true,
            obstacle: "the PDS refuses the access token, which cannot be renewed (storage): No space left on device"
        ),
        Case(
            what: "the account is inactive",
            machine: callFailed(.account, "AccountTakedown"),
            obstacle: "the session waits until 1970-01-01T01:00:00Z (account-inactive): AccountTakedown"
        ),
        Case(
            what: "the account is inactive and the token has ended",
            machine: callFailed(.account, "AccountTakedown"),
            left: -1,
            obstacle: "the session waits until 1970-01-01T01:00:00Z (account-inactive): AccountTakedown"
        ),
        Case(
            what: "even a fresh token was refused",
            machine: callFailed(.tokenRefused, "Invalid token"),
            obstacle: "the session waits until 1970-01-01T00:01:00Z (token-refused): Invalid token",
            remedy: "impact-notifier login"
        ),
        Case(
            what: "the configuration is of another client",
            machine: machine { $0.misfit = SessionProblem(.otherClient, "the session belongs to the client a") },
            obstacle: "the session is misconfigured (other-client): the session belongs to the client a",
            remedy: "impact-notifier login"
        ),
        Case(
            what: "the grant lacks the chat calls",
            scope: "atproto",
            obstacle: "the granted scope does not hold the chat calls (scope): 'atproto'",
            remedy: "impact-notifier login"
        ),
        Case(what: "an app password has no scope", kind: .appPassword, scope: "", left: nil, obstacle: nil),
    ]

    @Test(arguments: cases) func `the obstacle and what helps are as the table says`(row: Case) throws {
        var record = try SessionFixture(row.kind).record
        record.scope = row.scope
        record.expiresAt = row.left
        let admission = CallAdmission(
            record: row.hasRecord ? record : nil,
            machine: row.machine,
            isRefused: row.isRefused,
            isUnsaved: row.isUnsaved,
            followsCrash: row.followsCrash
        )
        let obstacle = admission.obstacle(at: Self.zero, chatService: "did:web:api.bsky.chat#bsky_chat")
        #expect(obstacle?.clause == row.obstacle)
        if row.obstacle != nil { #expect(obstacle?.remedy == row.remedy) }
    }

    @Test func `a session whose store refuses writes says so only when its token has ended, and not once it is mended`()
        async throws
    {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        let session = try await fixture.open()
        fixture.files.fail("write", with: 28)
        fixture.clock.advance(3595)
        _ = try await session.send(fixture.call)
        var status = await session.status()
        #expect(status.state.problem?.reason == .storage && status.canSendNow, "the token still serves")
        fixture.clock.advance(6)
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        status = await session.status()
        #expect(status.state.name == "degraded" && !status.canSendNow)
        #expect(
            status.sendObstacle?.clause.hasPrefix("the access token has ended and cannot be renewed (storage): ")
                == true
        )
        fixture.clock.advance(400)
        #expect(await !session.status().canSendNow, "that the wait is over mends nothing")
        fixture.files.fail("write", with: nil)
        await session.maintain()
        status = await session.status()
        #expect(status.canSendNow && status.state == .ok)
        #expect(fixture.tokenRequests == 1, "no token was spent in vain")
    }
}

@Suite struct `The count of renewals` {
    @Test func `begins with none that went well, and counts each that ended by its result`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(
            SessionFixture.tokenPath,
            [.tokens(1), .lost(mayHaveBeenSent: false), .error(400, "invalid_grant", "Invalid refresh token")]
        )
        let session = try await fixture.open()
        #expect(await session.status().renewals == ["ok": 0])
        for _ in 0..<4 {
            fixture.clock.advance(90_000)
            await session.maintain()
        }
        #expect(await session.status().renewals == ["ok": 1, "unreachable": 1, "refresh-refused": 2])
    }

    @Test func `knows a renewal that was not begun because of the disk`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        fixture.files.fail("write", with: 28)
        fixture.clock.advance(90_000)
        await session.maintain()
        #expect(await session.status().renewals == ["ok": 0, "storage": 1])
    }

    @Test func `knows tokens that reached memory and not the disk`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.during(SessionFixture.tokenPath) { fixture.files.fail("write", with: 28) }
        let session = try await fixture.open()
        fixture.clock.advance(90_000)
        await session.maintain()
        #expect(await session.status().renewals == ["ok": 0, "rotated-token-unsaved": 1])
        fixture.files.fail("write", with: nil)
        await session.drain()
        #expect(await session.status().state == .ok)
    }

    @Test func `leaves out tokens that another process renewed`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        fixture.clock.advance(90_000)
        var newer = fixture.record
        newer.generation = 1
        newer.refreshedAt = fixture.clock.dates.now()
        newer.expiresAt = newer.refreshedAt + 3600
        fixture.files.put(newer.json.encodedText, at: SessionFixture.file)
        await session.maintain()
        let status = await session.status()
        #expect(status.renewals == ["ok": 0] && status.generation == 1 && status.refreshedAt == newer.refreshedAt)
    }
}
