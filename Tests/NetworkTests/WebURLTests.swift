import Network
import Testing

@Suite struct `URLs` {
    @Test(arguments: [
        ("https://Example.COM", "https://example.com", "/"),
        ("https://a.com:443/x", "https://a.com", "/x"),
        ("http://127.0.0.1:8080?q=1", "http://127.0.0.1:8080", "/?q=1"),
        ("wss://[2001:DB8::1]:99/a?b", "wss://[2001:db8::1]:99", "/a?b"),
    ]) func `are split into origin and target`(text: String, origin: String, target: String) throws {
        let url = try WebURL(text)
        #expect(url.origin == origin)
        #expect(url.target == target)
    }

    @Test(arguments: [
        "", "a.com", "ftp://a.com", "https://", "https://a b.com", "https://u@a.com", "https://a.com#f",
        "https://a.com\\@b.com", "https://①②⑦.⓪.⓪.①/", "https://a.com:0/", "https://a.com:99999/", "https://a.com:x/",
        "https://[::1/", "https://[::1]x/", "https://a.com:+443/", "https://a%41.com/", "https://[bad.cafe]/",
        "https://[1:2]/",
    ]) func `that are ambiguous are refused`(text: String) {
        #expect(throws: WebURLError.self) { try WebURL(text) }
    }

    @Test func `encode what they are given strictly`() throws {
        let url = try WebURL("https://a.com/x").with(
            path: "/y",
            query: [("scope", "a b+c%23"), ("m", "1"), ("m", "2")]
        )
        #expect(url.description == "https://a.com/y?scope=a%20b%2Bc%2523&m=1&m=2")
        #expect(PercentEncoding.parseForm("a=1+2&b=%41&c").map(\.value) == ["1 2", "A", ""])
        #expect(PercentEncoding.decode("%4") == nil)
    }

    @Test func `know loopback`() throws {
        for text in ["http://127.9.9.9/", "http://[::1]/", "http://localhost:1/"] {
            #expect(try WebURL(text).isLoopback)
        }
        for text in ["http://127.1/", "http://128.0.0.1/", "http://localhost.com/"] {
            #expect(try !WebURL(text).isLoopback)
        }
    }
}
