import Network
import TestSupport
import Testing
import WebSocket

@testable import Firehose

@Suite struct `The end of a stream's connection` {
    @Test(arguments: [
        ("17", 17.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 60), ("nan", nil), ("inf", nil), ("-1", nil), ("1e3", nil),
    ]) func `keeps what a refusal says about coming back, in both forms`(text: String, seconds: Double?) {
        let failure = WebSocketError(
            .upgradeRefused,
            origin: "wss://jetstream.example",
            "the server answered 429",
            refusal: .init(status: 429, headers: ["Retry-After": text], body: [])
        )
        // 2015-10-21T07:27:00Z
        let end = WebSocketTransport.end(failure, of: nil, now: 1_445_412_420)
        guard case .refused(429, _, _, let retryAfter) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(retryAfter == seconds.map { .seconds($0) })
    }

    /// What the log says of a refusal with this body.
    private func words(_ status: Int, _ body: String) -> String {
        let failure = WebSocketError(
            .upgradeRefused,
            origin: "wss://jetstream.example",
            "the server answered \(status): what can be done",
            refusal: .init(status: status, headers: [:], body: Array(body.utf8))
        )
        let (reason, detail) = WebSocketTransport.end(failure, of: nil, now: 0).description
        return "\(reason) \(detail)"
    }

    @Test func `says what a refusal means, unless the server itself does`() {
        let named = words(400, #"{"error":"InvalidRequest","message":"cursor: not a number"}"#)
        #expect(named == "InvalidRequest cursor: not a number")
        #expect(words(400, #"{"error":"InvalidRequest"}"#) == "InvalidRequest ")
        #expect(words(301, "") == "http-301 the server answered 301: what can be done")
        #expect(words(502, "<html>down</html>") == "http-502 the server answered 502: what can be done")
        #expect(words(503, "warming up") == "http-503 the server answered 503: what can be done ('warming up')")
    }

    @Test(arguments: [
        (301, true), (302, false), (303, false), (307, false), (308, true), (200, false), (400, true), (401, true),
        (403, true), (404, true), (407, true), (408, false), (410, true), (426, true), (500, false), (501, true),
        (502, false), (503, false), (504, false), (999, false),
    ]) func `is a matter of minutes or of seconds by its status`(status: Int, lasts: Bool) {
        #expect(StreamTransportEnd.lasting.contains(status) == lasts)
    }
}
