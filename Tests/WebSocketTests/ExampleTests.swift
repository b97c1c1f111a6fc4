import Logging
import Network
import Testing
import WebSocket

// The examples of the library's documentation, as a stranger would write them.

func readFeed(_ url: WebURL, isLocal: Bool = false) async throws -> WebSocketClosure {
    let configuration = WebSocketConfiguration(url: url, allowsLoopback: isLocal)
    let connection = try WebSocketConnection(configuration, logger: Logger(label: "example"))
    return try await connection.run { message in
        print(message)
        return message == .text("enough") ? .close(.normal, reason: "") : .continue
    }
}

struct Counter: WebSocketHandler {
    private var messages = 0
    private var bytes = 0

    mutating func message(_ kind: WebSocketMessageKind, _ message: RawSpan) -> WebSocketAction {
        messages += 1
        bytes += message.byteCount
        return messages < 1000 ? .continue : .close(.normal, reason: "\(bytes) bytes are enough")
    }
}

func keepReading(_ configuration: WebSocketConfiguration, every pause: Duration) async {
    while !Task.isCancelled {
        do throws(WebSocketError) {
            let connection = try WebSocketConnection(configuration, logger: Logger(label: "example"))
            print(try await connection.run { _ in .continue })
        } catch { print(error) }
        try? await Task.sleep(for: pause)
    }
}

@Suite struct `The examples of the WebSocket library` {
    /// A server that sends texts until it is told to close, and closes.
    private func server(_ texts: [String]) -> LoopbackServer {
        LoopbackServer { peer, _ in
            peer.upgrade(followedBy: texts.flatMap(ServerFrame.text))
            guard let code = peer.readCloseCode() else { return }
            peer.write(ServerFrame.close(code))
        }
    }

    @Test func `a closure reads until it has enough`() async throws {
        let server = server(["one", "enough", "three"])
        defer { server.stop() }
        let closure = try await readFeed(server.url(), isLocal: true)
        #expect(closure == WebSocketClosure(initiator: .client, code: .normal, reason: "", isClean: true))
    }

    @Test func `a closure gets copies of texts and of bytes`() async throws {
        let server = LoopbackServer { peer, _ in
            let messages = ServerFrame.text("grüß") + ServerFrame.make(2, [0, 255])
            peer.upgrade(followedBy: messages + ServerFrame.close(1000))
            _ = peer.readCloseCode()
        }
        defer { server.stop() }
        let (messages, copies) = AsyncStream.makeStream(of: WebSocketMessage.self)
        let closure = try await Client.connection(Client.configuration(server)).run { message in
            copies.yield(message)
            return .continue
        }
        copies.finish()
        let received = await messages.reduce(into: [WebSocketMessage]()) { $0.append($1) }
        #expect(received == [.text("grüß"), .binary([0, 255])])
        #expect(closure.initiator == .server)
    }

    @Test func `a handler of one method counts to a thousand`() async throws {
        let server = server([String](repeating: "four", count: 1000))
        defer { server.stop() }
        let closure = try await Client.connection(Client.configuration(server)).run(Counter())
        #expect(closure.initiator == .client && closure.isClean)
    }

    @Test func `a loop begins again after every end, until it is cancelled`() async throws {
        let (numbers, numbering) = AsyncStream.makeStream(of: Int.self)
        let server = LoopbackServer { peer, number in
            numbering.yield(number)
            if number > 0 { peer.upgrade(followedBy: ServerFrame.close(1001)) }
        }
        defer { server.stop() }
        let configuration = try Client.configuration(server)
        let reading = Task { await keepReading(configuration, every: .milliseconds(1)) }
        for await number in numbers where number == 3 { break }
        reading.cancel()
        await reading.value
    }
}
