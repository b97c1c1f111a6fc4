import Sandbox
import TestSupport
import Testing

@testable import Network

@Suite struct `Addresses that accept and lead nowhere` {
    private let memory = AddressMemory()
    private let now = ContinuousClock.now

    private func addresses(_ hosts: String...) throws -> [SocketAddress] {
        try hosts.map { try #require(SocketAddress(literal: $0, port: 443)) }
    }

    private func order(_ addresses: [SocketAddress], of host: String = "a:443", after: Duration = .zero) -> [String] {
        memory.ordered(addresses, of: host, now: now + after).map { String($0.description.dropLast(4)) }
    }

    @Test func `are tried last, the latest behind the others, at this host, for an hour, or until they work`() throws {
        let all = try addresses("127.0.0.2", "127.0.0.3", "127.0.0.4")
        #expect(order(all) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"])
        memory.failed(all[0], of: "a:443", now: now)
        #expect(order(all) == ["127.0.0.3", "127.0.0.4", "127.0.0.2"])
        memory.failed(all[1], of: "a:443", now: now)
        #expect(order(all) == ["127.0.0.4", "127.0.0.2", "127.0.0.3"])
        memory.failed(all[2], of: "a:443", now: now)
        #expect(order(all) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"])
        memory.failed(all[0], of: "a:443", now: now + .seconds(60))
        #expect(order(all) == ["127.0.0.3", "127.0.0.4", "127.0.0.2"])
        #expect(order(all, of: "b:443") == ["127.0.0.2", "127.0.0.3", "127.0.0.4"])
        #expect(order(all, after: .seconds(3601)) == ["127.0.0.3", "127.0.0.4", "127.0.0.2"])
        #expect(order(all, after: .seconds(3661)) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"])
        memory.worked(all[0], of: "a:443")
        #expect(order(all) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"])
        #expect(order(try addresses("::1", "127.0.0.4", "::2")) == ["[::1]", "[::2]", "127.0.0.4"])
    }

    @Test func `are not remembered without end`() throws {
        let many = try (0..<200).map { try #require(SocketAddress(literal: "127.0.1.\($0)", port: 443)) }
        for address in many { memory.failed(address, of: "a:443", now: now) }
        // The last 64 are behind the others, which stand as they stood.
        let left = Array(0..<(200 - AddressMemory.maximumAddresses))
        #expect(order(many).prefix(left.count).elementsEqual(left.map { "127.0.1.\($0)" }))
        #expect(order(Array(many.reversed())).suffix(64).first == "127.0.1.\(left.count)")
        for number in 0..<AddressMemory.maximumHosts { memory.failed(many[0], of: "\(number)", now: now) }
        #expect(order([many[199], many[0]]) == ["127.0.1.199", "127.0.1.0"])
    }

    @Test func `are passed over by the next attempt`() async throws {
        // They accept, by their backlog, and stay silent.
        let silent = Self.silent(4)
        defer { silent.forEach { $0.stop() } }
        let port = try #require(silent.first?.port)
        let all = (2...5).compactMap { SocketAddress(literal: "127.0.0.\($0)", port: port) }
        var connector = StreamConnector(
            tls: TLSContext(),
            deadlines: StreamDeadlines(tls: .milliseconds(50)),
            memory: memory
        )
        connector.resolver = { _, _, _, _ throws(StreamError) in all }
        let url = try WebURL("https://many.test:\(port)/")
        for expected in [2, 3, 4, 5, 2] {
            let failure = try await StreamExchange.run(connector, url).failure
            #expect(failure?.code == .timeout)
            let order = memory.ordered(all, of: "many.test:\(port)")
            #expect(order.last?.description == "127.0.0.\(expected):\(port)")
        }
    }

    /// Listeners on 127.0.0.2 and what follows, all on one port.
    private static func silent(_ count: UInt8) -> [LoopbackListener] {
        let first = LoopbackListener(host: 2)
        return [first] + (1..<count).map { LoopbackListener(host: 2 + $0, port: first.port) }
    }
}
