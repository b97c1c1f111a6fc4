import ATProtocol
import Network
import TestSupport
import Testing

@testable import Notifier

@Suite struct `The breaker of the sender` {
    private static func limit(_ headers: HTTPHeaders) -> CallError {
        .answer(
            XRPCError(HTTPResponse(status: 429, headers: headers, body: Array(#"{"error":"RateLimitExceeded"}"#.utf8)))
        )
    }

    private func until(_ breaker: SendBreaker) -> UnixTime? {
        guard case .held(_, let until) = breaker.status else { return nil }
        return until
    }

    static let waits: [(headers: HTTPHeaders, wait: Duration)] = [
        (["Retry-After": "30"], 30),
        (["Retry-After": "0"], 1),
        (["RateLimit-Remaining": "0", "RateLimit-Reset": "1790000120"], 120),
        (["RateLimit-Remaining": "0", "RateLimit-Reset": "1790090000"], 900),
        (["RateLimit-Remaining": "0", "Retry-After": "Mon, 21 Sep 2026 14:14:20 GMT"], 60),
        (["RateLimit-Remaining": "2900", "RateLimit-Reset": "1790000300"], 60),
        (["RateLimit-Remaining": "2900", "Retry-After": "120"], 120),
        ([:], 60),
    ]

    @Test(arguments: waits)
    func `a limit holds for as long as whoever sets it says`(headers: HTTPHeaders, wait: Duration) {
        var breaker = SendBreaker(SendingConfiguration())
        let failure = Self.limit(headers)
        _ = breaker.failed(.sendMessage, failure, now: 1_790_000_000)
        #expect(until(breaker) == UnixTime(seconds: 1_790_000_000) + wait)
    }

    @Test func `the chat service's limit doubles up to an hour, is reported after six, and is forgotten by a success`()
    {
        var breaker = SendBreaker(SendingConfiguration())
        let failure = Self.limit(["ratelimit-remaining": "2900"])
        var now: UnixTime = 0
        var waits: [Duration] = []
        var reports = 0
        for _ in 0..<14 {
            _ = breaker.failed(.sendMessage, failure, now: now)
            waits.append((until(breaker) ?? 0) - now)
            now = until(breaker) ?? now
            if breaker.reportsLimit(now: now) { reports += 1 }
            breaker.reopenAfterHold()
            breaker.succeeded(.openConversation)
        }
        #expect(waits.prefix(8) == [60, 120, 240, 480, 960, 1920, 3600, 3600])
        #expect(reports == 1)
        breaker.succeeded(.sendMessage)
        _ = breaker.failed(.sendMessage, failure, now: now)
        #expect(until(breaker) == now + 60)
    }

    @Test func `a session that works again takes back everything but a limit`() {
        var breaker = SendBreaker(SendingConfiguration())
        let limit = Self.limit(["ratelimit-remaining": "2900"])
        _ = breaker.failed(.sendMessage, limit, now: 0)
        breaker.reopenAfterHold()
        _ = breaker.failed(.sendMessage, limit, now: 60)
        breaker.reopen()
        #expect(until(breaker) == 180)
        // What is restored doubles on from there, and only the same method takes it back.
        var next = SendBreaker(SendingConfiguration())
        if let limit = breaker.limit { next.restore(limit) }
        #expect(until(next) == 180)
        next.reopenAfterHold()
        next.succeeded(.openConversation)
        _ = next.failed(.sendMessage, limit, now: 180)
        #expect(until(next) == 420)
        next.succeeded(.sendMessage)
        #expect(next.limit == nil)
        _ = next.failed(.readMessages, .unreadable(status: 200, detail: ""), now: 500)
        next.reopen()
        #expect(next.status == .open)
    }

    @Test func `one failure is the job's, three in a row are everybody's`() {
        var breaker = SendBreaker(SendingConfiguration())
        let failure = CallError.unreadable(status: 200, detail: "")
        for _ in 0..<2 { _ = breaker.failed(.openConversation, failure, now: 0) }
        #expect(breaker.status == .open)
        _ = breaker.failed(.openConversation, failure, now: 0)
        #expect(until(breaker) == 5)
    }

    @Test func `a rejected service token is tried three times, then the operator is asked`() {
        var breaker = SendBreaker(SendingConfiguration())
        let failure = CallError.answer(
            XRPCError(HTTPResponse(status: 401, body: Array(#"{"error":"BadJwtSignature"}"#.utf8)))
        )
        for _ in 0..<3 {
            // Conversations still open: that proves nothing about messages.
            breaker.succeeded(.openConversation)
            #expect(breaker.failed(.sendMessage, failure, now: 0).action == .retry)
        }
        #expect(breaker.failed(.sendMessage, failure, now: 0).action == .pause)
        #expect(breaker.isPaused)
    }

    @Test func `refusals by owners do not slow anybody down`() {
        var breaker = SendBreaker(SendingConfiguration())
        let failure = CallError.answer(
            XRPCError(HTTPResponse(status: 400, body: Array(#"{"error":"NotFollowedBySender"}"#.utf8)))
        )
        for _ in 0..<50 { _ = breaker.failed(.openConversation, failure, now: 0) }
        #expect(breaker.status == .open)
    }
}
