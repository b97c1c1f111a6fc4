import Sandbox
import TestSupport
import Testing

@testable import Network

@Suite struct `Connecting to the addresses of a host` {
    private func address(_ host: String, _ port: UInt16) throws -> SocketAddress {
        let found = try AddressResolver.addresses(
            of: host,
            port: port,
            wakeUp: WakeUp(),
            until: .now + .seconds(5)
        )
        return try #require(found.first)
    }

    @Test func `families alternate, beginning with the resolver's choice`() throws {
        let six = try ["::1", "::2", "::3"].map { try address($0, 1) }
        let four = try ["127.0.0.1", "127.0.0.2"].map { try address($0, 1) }
        #expect(
            TCPConnector.interleaved(six + four).map(\.description) == [
                "[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1",
            ]
        )
        #expect(TCPConnector.interleaved(four).map(\.description) == ["127.0.0.1:1", "127.0.0.2:1"])
        #expect(TCPConnector.interleaved([]).isEmpty)
    }

    /// The address that answers; the delay outlasts the deadline, and whoever waits for it once does not connect.
    private func connect(to addresses: [SocketAddress]) throws -> String {
        let stream = try TCPConnector.connect(
            to: addresses,
            of: "test",
            for: "test",
            wakeUp: WakeUp(),
            until: .now + .seconds(5),
            attemptDelay: .seconds(60)
        )
        return stream.address.description
    }

    @Test func `an address that refuses makes room for the next at once`() throws {
        let listener = LoopbackListener()
        defer { listener.stop() }
        let addresses = [try address("::1", 1), try address("127.0.0.1", listener.port)]
        #expect(try connect(to: addresses) == "127.0.0.1:\(listener.port)")
    }

    @Test func `addresses that fail at once cost no time`() throws {
        let listener = LoopbackListener()
        defer { listener.stop() }
        // No TCP connection to a broadcast address is begun.
        let dead = try address("255.255.255.255", 1)
        let addresses = [dead, dead, dead, dead, try address("127.0.0.1", listener.port)]
        #expect(try connect(to: addresses) == "127.0.0.1:\(listener.port)")
    }

    @Test(arguments: ["2001:db8::1", "::1", "203.0.113.1", "127.0.0.1"])
    func `an address is read whatever the machine has`(host: String) throws {
        #expect(try address(host, 443).description == (host.contains(":") ? "[\(host)]:443" : "\(host):443"))
    }

    @Test func `every address that failed is named`() throws {
        let addresses = [try address("127.0.0.1", 1), try address("127.0.0.2", 1)]
        var seen: StreamError?
        do throws(StreamError) {
            _ = try TCPConnector.connect(
                to: addresses,
                of: "test:1",
                for: "test:1",
                wakeUp: WakeUp(),
                until: .now + .seconds(5)
            )
        } catch {
            seen = error
        }
        #expect(seen?.code == .connect)
        #expect(
            seen?.detail
                == "127.0.0.1:1: connect: Connection refused; 127.0.0.2:1: connect: Connection refused"
        )
    }

    @Test func `a cancelled wake-up ends the attempt`() throws {
        let wakeUp = try WakeUp()
        wakeUp.cancel()
        let failure = #expect(throws: StreamError.self) {
            _ = try AddressResolver.addresses(
                of: "name.invalid",
                port: 1,
                wakeUp: wakeUp,
                until: .now + .seconds(5)
            )
        }
        #expect(failure?.code == .cancelled || failure?.code == .nameResolution)
    }

    @Test func `a name without addresses is a failure of resolution`() throws {
        let failure = #expect(throws: StreamError.self) {
            _ = try AddressResolver.addresses(
                of: "name.invalid",
                port: 1,
                wakeUp: WakeUp(),
                until: .now + .seconds(20)
            )
        }
        #expect(failure?.code == .nameResolution || failure?.code == .timeout)
    }
}
