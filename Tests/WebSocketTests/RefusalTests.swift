import Network
import Testing

@testable import WebSocket

/// What is said of a server that refuses the upgrade, and what is kept of its words.
@Suite struct `A refused upgrade` {
    private static let sentences: [(status: Int, headers: HTTPHeaders, body: String, words: String)] = [
        (200, [:], "<html>", "that is a web page and no stream; check host and path of the address"),
        (400, [:], "", "check host and path of the address"),
        (400, [:], "The plain HTTP request was sent to HTTPS port", "this port speaks TLS; write wss://"),
        (400, [:], "Client sent an HTTP request to an HTTPS server.", "this port speaks TLS; write wss://"),
        (400, [:], "speaking plain HTTP to an SSL-enabled server port.", "this port speaks TLS; write wss://"),
        (401, [:], "", "it wants to know who asks"),
        (403, [:], "", "a firewall before it, does not let us in"),
        (404, [:], "", "there is no stream at /a/b; check the address"),
        (405, [:], "", "it knows no WebSocket at /a/b"),
        (407, [:], "", "write them into https_proxy"), (410, [:], "", "there is no stream at /a/b"),
        (421, [:], "", "it does not serve the name stream.example"),
        (426, [:], "", "have the proxy or CDN on the way pass it on"),
        (426, ["Upgrade": "h2c"], "", "have the proxy or CDN on the way pass it on"),
        (426, ["Sec-WebSocket-Version": "13"], "", "have the proxy or CDN on the way pass it on"),
        (426, ["Sec-WebSocket-Version": "8, 7"], "", "in other versions than 13"),
        (429, ["Retry-After": "120"], "", "it is asked too often; wait, or use another host; it wants rest"),
        (429, ["Retry-After": "120"], "", "(Retry-After: 120)"),
        (
            503, ["retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"], "",
            "is out of order; use another host if that lasts; it wants rest (Retry-After: Wed, 21 Oct 2015 07:28:00"
        ),
        (500, [:], "", "is out of order"), (501, [:], "", "it knows no WebSocket"), (999, [:], "", "is out of order"),
        (418, [:], "", "check the address, or use another host"),
    ]

    @Test(arguments: sentences.indices) func `ends in what can be done`(index: Int) throws {
        let (status, headers, body, words) = Self.sentences[index]
        let refusal = WebSocketError.Refusal(status: status, headers: headers, body: Array(body.utf8))
        let sentence = refusal.sentence(to: try WebURL("wss://stream.example:99/a/b?cursor=1"))
        #expect(sentence.hasPrefix("the server answered \(status): "))
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test(arguments: [
        ("wss://other.example/x", "wss://other.example/x"),
        ("https://other.example/x?y=z", "wss://other.example/x"),
        ("HTTP://other.example", "ws://other.example"), ("//other.example/x", "wss://other.example/x"),
        ("/x/y?z", "wss://stream.example:99/x/y"), ("c?d", "wss://stream.example:99/a/c"),
        ("?d", "wss://stream.example:99/a/b"), ("#d", "wss://stream.example:99/a/b"), ("c:d", "c:d"),
        ("mailto:x@example.com", "mailto:x@example.com"),
        ("https://other.example/\u{1B}[2J", "wss://other.example/ [2J"),
    ]) func `that is a redirect shows where to`(location: String, target: String) throws {
        let url = try WebURL("wss://stream.example:99/a/b?cursor=1")
        for status in [301, 302, 303, 307, 308] {
            let refusal = WebSocketError.Refusal(status: status, headers: ["Location": location], body: [])
            let words = "it leads to \(target), which is not followed; if that is the same service, configure it"
            #expect(refusal.sentence(to: url) == "the server answered \(status): \(words)")
        }
    }

    @Test(arguments: [[:], ["Location": ""]] as [HTTPHeaders])
    func `that is a redirect to nowhere says so`(headers: HTTPHeaders) throws {
        let refusal = WebSocketError.Refusal(status: 302, headers: headers, body: [])
        #expect(refusal.sentence(to: try WebURL("wss://a.example")).contains("does not say where"))
    }

    /// A head, what follows it, and what is kept; whether that is all.
    private static let bodies: [(head: String, rest: String, kept: String, isComplete: Bool)] = [
        ("503 X\r\nContent-Length: 4", "downTRAILING", "down", true),
        ("503 X\r\nContent-Length: 9", "down", "down", false),
        ("503 X\r\nContent-Length: 0", "", "", true), ("503 X", "down", "down", false),
        ("503 X\r\nContent-Length: many", "down", "down", false),
        ("503 X\r\nTransfer-Encoding: chunked", "4;x=y\r\ndown\r\n0\r\n\r\n", "down", true),
        ("503 X\r\nTransfer-Encoding: Chunked", "2\r\ndo\r\n2\r\nwn\r\n", "down", false),
        ("503 X\r\nTransfer-Encoding: chunked\r\nContent-Length: 1", "4\r\ndown\r\n0\r\n\r\n", "down", true),
        ("503 X\r\nTransfer-Encoding: identity", "down", "down", false),
        // Nobody has asked for these.
        ("503 X\r\nContent-Encoding: gzip\r\nContent-Length: 4", "\u{1F}\u{8}xx", "", true),
        ("503 X\r\nContent-Encoding: identity\r\nContent-Length: 4", "down", "down", true),
        ("503 X\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked", "4\r\ndown\r\n", "", true),
        ("503 X\r\nTransfer-Encoding: gzip, chunked", "4\r\ndown\r\n", "", true),
        // These have none.
        ("204 X", "", "", true), ("304 X\r\nContent-Length: 4", "", "", true),
    ]

    @Test(arguments: bodies.indices) func `keeps the words that can be read`(index: Int) throws {
        let (lines, rest, kept, isComplete) = Self.bodies[index]
        let bytes = Array("HTTP/1.1 \(lines)\r\n\r\n".utf8)
        let head = unsafe try ResponseHead(bytes.span.bytes)
        var body = ErrorBody(head)
        let more = Array(rest.utf8)
        unsafe body.append(more.span.bytes)
        #expect(String(decoding: body.bytes, as: UTF8.self) == kept)
        #expect(body.isComplete == isComplete)
    }
}
