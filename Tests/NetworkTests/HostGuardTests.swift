import Testing

@testable import Network

@Suite struct `The guard for hosts that strangers chose` {
    private func refusal(_ text: String, allowsLoopback: Bool = false) throws -> HTTPError.Code? {
        HostGuard(allowsLoopback: allowsLoopback)
            .refusal(of: HTTPRequest(.get, try WebURL(text), reach: .stranger))?.code
    }

    @Test(arguments: ["https://pds.example.com/", "https://a.b.c.host.bsky.network/x?y", "https://xn--nxasmq6b.com/"])
    func `lets public names pass`(text: String) throws {
        #expect(try refusal(text) == nil)
    }

    @Test(arguments: [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
        "https://[::1]/", "https://localhost/", "https://pds.local/", "https://a.internal/", "https://single/",
        "https://pds.example.com:8443/", "https://-a.com/", "https://a..com/", "https://a.com./", "https://a_b.com/",
    ]) func `refuses addresses, private names and other ports`(text: String) throws {
        #expect(try refusal(text) == .refusedHost)
    }

    @Test func `lets loopback pass only with the development switch`() throws {
        #expect(try refusal("http://127.0.0.1:3000/", allowsLoopback: true) == nil)
        #expect(try refusal("http://127.0.0.1:3000/") == .unsupported)
        #expect(try refusal("http://10.0.0.1/", allowsLoopback: true) == .unsupported)
    }

    @Test(arguments: [
        "0.1.2.3", "10.1.1.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.1",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    ]) func `knows the IPv4 addresses that are not public`(text: String) throws {
        let octets = text.split(separator: ".").compactMap { UInt8($0) }
        #expect(!AddressGuard.isPublic(v4: octets))
    }

    @Test(arguments: ["1.1.1.1", "9.255.255.255", "100.63.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255"])
    func `knows the IPv4 addresses that are public`(text: String) throws {
        #expect(AddressGuard.isPublic(v4: text.split(separator: ".").compactMap { UInt8($0) }))
    }

    @Test(
        arguments: [
            ([0x26, 0x06, 0x47, 0x00], true), ([0x20, 0x02, 0x7F, 0x00], false), ([0x20, 0x01, 0, 0], false),
            ([0x20, 0x01, 0x0D, 0xB8], false), ([0xFE, 0x80, 0, 0], false), ([0xFC, 0, 0, 0], false),
            ([0x00, 0x64, 0xFF, 0x9B], false), ([0, 0, 0, 0], false), ([0xFF, 0x02, 0, 0], false),
            ([0x20, 0x01, 0x04, 0x70], true),
        ] as [([UInt8], Bool)]
    ) func `knows the IPv6 prefixes`(prefix: [UInt8], isPublic: Bool) {
        #expect(AddressGuard.isPublic(v6: prefix + [UInt8](repeating: 1, count: 12)) == isPublic)
    }
}
