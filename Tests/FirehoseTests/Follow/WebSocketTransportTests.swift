import Network
import TestSupport
import Testing
import WebSocket

@testable import Firehose

@Suite struct `The end of a stream's connection` {
    @Test(arguments: [
        ("17", 17.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 60), ("nan", nil), ("inf", nil), ("-1", nil), ("1e3", nil),
    ]) func `keeps what a refusal says about coming back, in both forms`(text: String, seconds: Double?) {
        let failure = WebSocketFailure(
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
}
