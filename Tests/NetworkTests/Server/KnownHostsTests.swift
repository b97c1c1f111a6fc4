import Network
import Testing

@Suite struct `The hosts that a server is known by` {
    private let hosts = KnownHosts(["notifier.example.org", "Prometheus-Target."])

    private func verdict(_ values: [String], version: String = "HTTP/1.1") -> KnownHosts.Verdict {
        var headers = HTTPHeaders()
        for value in values { headers.append("host", value) }
        return hosts.verdict(on: ServerRequest(path: "/", headers: headers, version: version))
    }

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:9464", "10.1.2.3:80", "[::1]", "[::1]:9464", "[fe80::1]:1", "localhost",
        "LocalHost:9464",
        "localhost.", "ip6-localhost", "ip6-loopback:9464", "app.localhost:1", "notifier.example.org",
        "NOTIFIER.example.org.:443", "prometheus-target:9464", "127.0.0.1:",
    ]) func `are addresses, the names of loopback, and those that were configured`(host: String) {
        #expect(verdict([host]) == .known)
    }

    @Test(arguments: [
        ("evil.example", "evil.example"), ("Evil.Example.:9464", "evil.example"), ("example.org", "example.org"),
        ("xnotifier.example.org", "xnotifier.example.org"), ("localhost.evil.example", "localhost.evil.example"),
        ("127.0.0.1.evil.example:9464", "127.0.0.1.evil.example"), ("evillocalhost", "evillocalhost"),
        ("0x7f.1", "0x7f.1"), ("127.1", "127.1"), ("2130706433", "2130706433"), ("127.0.0.1.", "127.0.0.1"),
    ]) func `are no others, whatever these look like`(host: String, name: String) {
        #expect(verdict([host]) == .unknown(name))
    }

    @Test(arguments: [
        [], [""], ["127.0.0.1", "127.0.0.1"], ["::1"], ["[::1"], ["[]"], ["[127.0.0.1]"], ["[::1%25lo]"], ["[::1]x"],
        ["localhost:x"], ["localhost:1:2"], [":9464"], ["a b"], ["user@localhost"], ["localhost/"], ["bücher.example"],
        ["a..b"], [String(repeating: "a", count: 64)],
    ]) func `are told apart from what is no host`(values: [String]) {
        #expect(verdict(values) == .malformed)
    }

    @Test func `need not be named by those who speak HTTP 1 0, but if they are it counts`() {
        #expect(verdict([], version: "HTTP/1.0") == .known)
        #expect(verdict(["evil.example"], version: "HTTP/1.0") == .unknown("evil.example"))
    }

    @Test(arguments: ["a", "a.b", "A-1.example.org", "under_score", "x."]) func `may be configured`(name: String) {
        #expect(KnownHosts.isName(name))
    }

    @Test(arguments: ["", ".", "a b", "a:1", "https://a", "a/", "*", "*.a", "a..b", "[::1]", "é"])
    func `may not be configured with anything else`(name: String) {
        #expect(!KnownHosts.isName(name))
    }
}
