import Testing

@testable import Network

/// How the variables are understood by which streams and HTTP find their proxy.
@Suite struct `The proxy of the environment` {
    private static let variables: [(environment: [String: String], proxy: String?)] = [
        ([:], nil),
        (["https_proxy": "http://p.example:3128"], "p.example:3128 (https_proxy)"),
        (["HTTPS_PROXY": "http://p.example:3128"], "p.example:3128 (HTTPS_PROXY)"),
        (["all_proxy": "http://p.example:3128"], "p.example:3128 (all_proxy)"),
        (["ALL_PROXY": "http://p.example:3128"], "p.example:3128 (ALL_PROXY)"),
        (["https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2", "all_proxy": "http://c:3"], "a:1 (https_proxy)"),
        (["HTTPS_PROXY": "http://b:2", "all_proxy": "http://c:3", "ALL_PROXY": "http://d:4"], "b:2 (HTTPS_PROXY)"),
        (["all_proxy": "http://c:3", "ALL_PROXY": "http://d:4"], "c:3 (all_proxy)"),
        // curl takes an empty variable for none, so that the next one counts.
        (["https_proxy": "", "HTTPS_PROXY": "http://b:2"], "b:2 (HTTPS_PROXY)"),
        (["https_proxy": "", "HTTPS_PROXY": "", "all_proxy": ""], nil),
        // For what goes without TLS, which is loopback alone.
        (["http_proxy": "http://p:1", "HTTP_PROXY": "http://p:2", "ftp_proxy": "http://p:3"], nil),
        (["wss_proxy": "http://p:1", "ws_proxy": "http://p:2"], nil),
        // Without a scheme, in capitals, without a port, as an address, with a path.
        (["https_proxy": "P.example:3128"], "p.example:3128 (https_proxy)"),
        (["https_proxy": "HTTP://p.example:3128/"], "p.example:3128 (https_proxy)"),
        (["https_proxy": "http://p.example"], "p.example:1080 (https_proxy)"),
        (["https_proxy": "p.example"], "p.example:1080 (https_proxy)"),
        (["https_proxy": "http://p.example:80"], "p.example:80 (https_proxy)"),
        (["https_proxy": "http://192.0.2.1:8080/path?query"], "192.0.2.1:8080 (https_proxy)"),
        (["https_proxy": "http://[2001:DB8::1]:8080"], "[2001:db8::1]:8080 (https_proxy)"),
        (["https_proxy": "[::1]"], "[::1]:1080 (https_proxy)"),
    ]

    @Test(arguments: variables.indices) func `is the first that is named, as with curl`(index: Int) throws {
        let (environment, proxy) = Self.variables[index]
        #expect(try ProxySettings(environment: environment).proxy?.description == proxy)
    }

    @Test(arguments: [
        ("http://user:secret@p:1", "Basic dXNlcjpzZWNyZXQ="),
        ("user:secret@p:1", "Basic dXNlcjpzZWNyZXQ="),
        // us@er:pa:ss
        ("http://us%40er:pa:ss@p:1", "Basic dXNAZXI6cGE6c3M="),
        ("http://us%40er:pa%3Ass@p:1", "Basic dXNAZXI6cGE6c3M="),
        ("http://us@er:pa:ss@p:1", "Basic dXNAZXI6cGE6c3M="),
        ("http://u:a%2Fb%3F%23%25@p:1", "Basic dTphL2I/IyU="),
        // A name alone has an empty password: user:
        ("http://user@p:1", "Basic dXNlcjo="), ("http://user:@p:1", "Basic dXNlcjo="),
        ("http://:secret@p:1", "Basic OnNlY3JldA=="), ("http://@p:1", nil), ("http://p:1", nil),
    ]) func `has its credentials percent-encoded`(text: String, authorization: String?) throws {
        #expect(try ProxySettings(environment: ["https_proxy": text]).proxy?.authorization == authorization)
    }

    private static let unusable: [(text: String, words: String)] = [
        ("socks5://p:1080", "only an HTTP proxy"), ("socks4a://p", "only an HTTP proxy"),
        ("socks5h://p", "only an HTTP proxy"), ("https://user:secret@p:443", "only an HTTP proxy"),
        ("wss://p", "only an HTTP proxy"), ("://p", "only an HTTP proxy"), (" http://p:1", "only an HTTP proxy"),
        ("http://", "has an invalid host"), ("http://:3128", "has an invalid host"), ("p q:1", "has an invalid host"),
        ("http://p:port", "has an invalid port"), ("p:0", "has an invalid port"), ("p:70000", "has an invalid port"),
        ("p:3128\n", "has an invalid port"), ("http:p", "has an invalid port"), ("[::1", "has an open bracket"),
        ("::1", "has an invalid host"), ("[1:2]:3", "has an invalid IPv6 literal"),
        ("http://user:sec/ret@p:1", "%2F"), ("http://user:secret?@p:1", "%3F"), ("http://user:#secret@p:1", "%23"),
        ("http://user:100%secret@p:1", "%25"), ("http://user:secret%4@p:1", "%25"),
        ("http://user:secret@p:port", "has an invalid port"),
    ]

    @Test(arguments: unusable.indices, ["https_proxy", "ALL_PROXY"])
    func `that cannot be used is refused, with its variable and without its password`(
        index: Int,
        variable: String
    ) throws {
        let (text, words) = Self.unusable[index]
        let error = #expect(throws: ProxySettingsError.self) { try ProxySettings(environment: [variable: text]) }
        #expect(error?.variable == variable)
        #expect(error?.reason.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("sec") == false, "\(error?.description ?? "")")
    }

    private static let exceptions: [(list: String, address: String, isDirect: Bool)] = [
        ("", "wss://a.example", false), ("*", "wss://a.example", true), ("*", "wss://192.0.2.1", true),
        ("x.example, *", "wss://a.example", true),
        // A name and what is below it, by whatever dots and letters it is written.
        ("example.org", "wss://example.org", true), ("example.org", "wss://a.b.example.org", true),
        ("example.org", "wss://notexample.org", false), ("example.org", "wss://org", false),
        (".example.org", "wss://example.org", true), (".example.org", "wss://a.example.org", true),
        ("*.example.org", "wss://a.example.org", true), ("Example.ORG.", "wss://example.org", true),
        ("example.org", "wss://example.org.", true), ("example.org.", "wss://a.example.org.", true),
        ("org", "wss://example.org", true), ("example.com", "wss://example.com.org", false),
        // Lists.
        ("a.example,b.example", "wss://b.example", true), ("a.example b.example", "wss://b.example", true),
        (" a.example ,\tb.example,", "wss://b.example", true), (",,b.example", "wss://b.example", true),
        ("a.example,b.example", "wss://c.example", false),
        // A port.
        ("a.example:443", "wss://a.example", true), ("a.example:443", "https://a.example/x", true),
        ("a.example:8443", "wss://a.example", false), ("a.example:8443", "wss://a.example:8443", true),
        (".example:443", "wss://a.example", true), ("192.0.2.1:443", "wss://192.0.2.1", true),
        ("192.0.2.1:8443", "wss://192.0.2.1", false), ("[2001:db8::1]:443", "wss://[2001:db8::1]", true),
        // Addresses, which are no names, and networks.
        ("192.0.2.1", "wss://192.0.2.1", true), ("192.0.2.1", "wss://192.0.2.10", false),
        ("2.1", "wss://192.0.2.1", false), ("192.0.2.1", "wss://x.192.0.2.1.example", false),
        ("192.0.2.0/24", "wss://192.0.2.255", true), ("192.0.2.0/24", "wss://192.0.3.0", false),
        ("192.0.2.128/25", "wss://192.0.2.200", true), ("192.0.2.128/25", "wss://192.0.2.100", false),
        ("10.0.0.0/8", "wss://10.255.0.1", true), ("10.0.0.0/8", "wss://11.0.0.1", false),
        ("192.0.2.1/32", "wss://192.0.2.1", true), ("192.0.2.1/32", "wss://192.0.2.2", false),
        ("0.0.0.0/0", "wss://192.0.2.1", true), ("0.0.0.0/0", "wss://[2001:db8::1]", false),
        ("10.0.0.0/8", "wss://a.example", false),
        ("2001:db8::1", "wss://[2001:DB8:0::1]", true), ("[2001:db8::1]", "wss://[2001:db8::1]", true),
        ("2001:db8::/32", "wss://[2001:db8:ffff::1]", true), ("2001:db8::/32", "wss://[2001:db9::1]", false),
        ("2001:db8::/33", "wss://[2001:db8:8000::1]", false), ("2001:db8::/33", "wss://[2001:db8:7fff::1]", true),
        ("::/0", "wss://[2001:db8::1]", true), ("::/0", "wss://192.0.2.1", false),
        // Loopback is always direct, and so is what goes without TLS.
        ("", "wss://localhost", true), ("", "https://127.0.0.9", true), ("", "wss://[::1]:99", true),
        ("", "ws://a.example", true), ("", "http://a.example", true),
    ]

    @Test(arguments: exceptions.indices) func `is not asked for what no_proxy names`(index: Int) throws {
        let (list, address, isDirect) = Self.exceptions[index]
        for variable in ["no_proxy", "NO_PROXY"] {
            let settings = try ProxySettings(environment: ["https_proxy": "p:1", variable: list])
            #expect((settings.proxy(for: try WebURL(address)) == nil) == isDirect, "\(variable)=\(list) and \(address)")
        }
    }

    @Test func `goes by the small letters of no_proxy, unless they are empty`() throws {
        var environment = ["https_proxy": "p:1", "no_proxy": "a.example", "NO_PROXY": "b.example"]
        let url = try WebURL("wss://b.example")
        #expect(try ProxySettings(environment: environment).proxy(for: url) != nil)
        environment["no_proxy"] = ""
        #expect(try ProxySettings(environment: environment).proxy(for: url) == nil)
    }

    @Test(arguments: [
        "http://a.example", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10/8", "2001:db8::/129", "a.example/24",
        "192.168.*", "a.*.example", "a.example:0", "a.example:port", "[::1", "a@b", ".", "*.", "fe80::1%eth0",
        "bücher.example",
    ]) func `of which an exception cannot be understood is refused`(entry: String) throws {
        let environment = ["https_proxy": "p:1", "no_proxy": "a.example,\(entry)"]
        let error = #expect(throws: ProxySettingsError.self) { try ProxySettings(environment: environment) }
        #expect(error?.variable == "no_proxy")
        #expect(error?.reason.contains(entry) == true)
        // Without a proxy there is nothing to be excepted from.
        #expect(try ProxySettings(environment: ["no_proxy": entry]) == .none)
    }
}
