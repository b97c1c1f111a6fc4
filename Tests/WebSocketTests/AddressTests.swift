import Testing
import WebSocket

@testable import Network

@Suite struct `The address that a connection was made to` {
    /// Whether the address of a configuration's server is tried behind another.
    private func isLast(_ configuration: WebSocketConfiguration) throws -> Bool {
        let port = try #require(configuration.url.port)
        let used = try #require(SocketAddress(literal: "127.0.0.1", port: port))
        let other = try #require(SocketAddress(literal: "127.0.0.2", port: port))
        let order = configuration.addresses.ordered([used, other], of: "127.0.0.1:\(port)")
        return order.last?.description == used.description
    }

    @Test(arguments: [
        ("", true), ("SSH-2.0-x\r\n\r\n", true), ("HTTP/1.1 503 Service Unavailable\r\n\r\n", true),
        ("HTTP/1.1 404 Not Found\r\n\r\n", false), ("HTTP/1.1 429 Too Many Requests\r\n\r\n", false),
    ]) func `is tried last when it led nowhere, and not for what the host says`(
        answer: String,
        isLast: Bool
    ) async throws {
        let server = LoopbackServer { peer, _ in
            _ = peer.readRequest()
            peer.write(answer)
            peer.finish()
            peer.drain()
        }
        defer { server.stop() }
        let configuration = try Client.configuration(server)
        _ = try await Client.run(configuration)
        #expect(try self.isLast(configuration) == isLast)
    }

    @Test func `is tried last when it says nothing, and no more once it has upgraded a connection`() async throws {
        let server = LoopbackServer { peer, number in
            if number == 0 { peer.drain() } else { peer.upgrade() }
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.upgradeDeadline = .milliseconds(50)
        #expect(try await Client.run(configuration).end.failure?.code == .upgradeTimeout)
        #expect(try isLast(configuration))
        configuration.upgradeDeadline = .seconds(10)
        _ = try await Client.run(configuration)
        #expect(try !isLast(configuration))
    }
}
