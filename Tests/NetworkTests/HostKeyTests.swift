import Network
import Testing

/// The API key of a stream host: whom it is shown, and who never sees it.
@Suite struct `The key of a host` {
    private let text = "k-0123456789abcdef"

    private func made(_ text: String, for url: String = "wss://a.test/subscribe") throws -> HostKey? {
        HostKey(Array(text.utf8), for: try WebURL(url))
    }

    @Test(arguments: [
        ("wss://a.test/subscribe", "wss://a.test:443/other?cursor=1", true),
        ("ws://127.0.0.1:80/subscribe", "ws://127.0.0.1/x", true),
        ("wss://a.test/subscribe", "wss://b.test/subscribe", false),
        ("wss://a.test/subscribe", "wss://a.test:8443/subscribe", false),
        ("wss://a.test/subscribe", "wss://a.test.evil.test/subscribe", false),
        // What a server without TLS redirects to, or is redirected to, by whoever is on the way.
        ("wss://a.test/subscribe", "ws://a.test/subscribe", false), ("ws://a.test/", "ws://a.test/", false),
        ("ws://127.0.0.1:1/", "ws://127.0.0.1:2/", false),
    ]) func `is shown to its own server alone, and in the clear to loopback alone`(
        own: String,
        other: String,
        isShown: Bool
    ) throws {
        let key = try #require(try made(text, for: own))
        #expect(key.authorization(to: try WebURL(other)) == (isShown ? "Bearer \(text)" : nil))
    }

    @Test(arguments: [
        "", " ", "a b", "a\nb", "a\r\nHost: b", "a\u{0}", "a\u{7F}", "schlüssel", String(repeating: "x", count: 4097),
    ]) func `is visible ASCII`(text: String) throws {
        #expect(try made(text) == nil)
    }

    @Test func `stands in no text that is made of it, nor in what the server quotes`() throws {
        let key = try #require(try made(text))
        var dumped = ""
        dump([key: [key]], to: &dumped)
        for text in [dumped, "\(key)", "\([key])", String(reflecting: key), String(reflecting: Optional(key))] {
            #expect(!text.contains("0123456789"), "\(text)")
        }
        #expect(key.hidden(in: "“\(text)” is no key, \(text)!") == "“[redacted]” is no key, [redacted]!")
        let none: HostKey? = nil
        #expect(none.hidden(in: "as it is") == "as it is")
    }

    @Test func `that differs is another`() throws {
        #expect(try made("one") != made("two"))
        #expect(try made("one") == made("one"))
    }
}
