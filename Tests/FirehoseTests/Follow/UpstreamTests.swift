import Network
import Testing

@testable import Firehose

@Suite struct `A stream address` {
    @Test(arguments: [
        ("wss://a.test", StreamWire.jetstream2, "wss://a.test/xrpc/network.bsky.jetstream.subscribeEvents"),
        (
            "wss://a.test:8443/xrpc/network.bsky.jetstream.subscribeEvents", .jetstream2,
            "wss://a.test:8443/xrpc/network.bsky.jetstream.subscribeEvents"
        ),
        ("wss://a.test/subscribe", .jetstream1, "wss://a.test/subscribe"),
        (
            "wss://a.test/xrpc/com.atproto.sync.subscribeRepos", .relay,
            "wss://a.test/xrpc/com.atproto.sync.subscribeRepos"
        ),
        ("ws://127.0.0.1:6008/subscribe", .jetstream1, "ws://127.0.0.1:6008/subscribe"),
    ]) func `tells the wire by its path`(text: String, wire: StreamWire, address: String) throws {
        let upstream = try Upstream(StreamSource(WebURL(text)), allowsLoopback: true)
        #expect(upstream.wire == wire && upstream.url.description == address)
        #expect(try StreamConfiguration.address(of: WebURL(text), allowsLoopback: true).description == address)
    }

    @Test(arguments: [
        ("wss://a.test/subscribe/", "path", "did you mean wss://a.test/subscribe?"),
        ("wss://a.test//subscribe", "path", "did you mean wss://a.test/subscribe?"),
        ("wss://a.test/subscribe?wantedCollections=x", "query", "did you mean wss://a.test/subscribe?"),
        ("wss://a.test/subscribe?api_key=x", "query", "api_key_file"),
        ("wss://a.test/?cursor=1&Access-Token=x", "query", "api_key_file"),
        ("wss://a.test/?", "query", "did you mean wss://a.test?"),
        ("wss://a.test/xrpc/com.atproto.sync.subscribeRepos?cursor=1", "query", "subscribeRepos?"),
        ("wss://a.test/Subscribe", "path", "understood are"), ("wss://a.test/other", "path", "understood are"),
        ("https://a.test/subscribe", "scheme", "did you mean wss://a.test/subscribe?"),
        ("ws://a.test/subscribe", "loopback", "did you mean wss://a.test/subscribe?"),
    ]) func `that cannot be read is refused with the forms that can`(text: String, cause: String, advice: String) throws
    {
        for allowsLoopback in [false, true] {
            let objection = try #require(
                StreamConfiguration.objection(to: WebURL(text), allowsLoopback: allowsLoopback)
            )
            #expect(objection.contains(cause) && objection.contains(advice), "\(objection)")
            for form in ["/xrpc/network.bsky.jetstream.subscribeEvents", "/subscribe", "subscribeRepos"] {
                #expect(objection.contains(form), "\(objection)")
            }
            let source = StreamSource(try WebURL(text))
            #expect(throws: FirehoseError.self) { try Upstream(source, allowsLoopback: allowsLoopback) }
        }
    }

    @Test func `with a query that is no key's says nothing of keys, and no refusal repeats one`() throws {
        let harmless = try WebURL("wss://a.test/subscribe?wantedCollections=x.key")
        #expect(StreamConfiguration.objection(to: harmless, allowsLoopback: false)?.contains("api_key") == false)
        let source = StreamSource(try WebURL("wss://a.test/subscribe?token=0123456789"))
        let failure = #expect(throws: FirehoseError.self) { try Upstream(source, allowsLoopback: false) }
        #expect(failure?.sentence.contains("0123456789") == false)
    }

    @Test func `to loopback needs the switch`() throws {
        let url = try WebURL("ws://127.0.0.1/subscribe")
        #expect(StreamConfiguration.objection(to: url, allowsLoopback: true) == nil)
        #expect(StreamConfiguration.objection(to: url, allowsLoopback: false)?.contains("allow_loopback") == true)
    }
}
