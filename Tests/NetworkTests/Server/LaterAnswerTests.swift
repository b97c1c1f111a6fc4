import Network
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `An answer that follows` {
    /// A server that owes its answers under `/later`, and gives others at once.
    private final class Debtor: Sendable {
        let port: UInt16
        let server: HTTPServer
        /// The replies that are owed, in the order in which they were asked for.
        let owed: AsyncStream<ServerAnswer.Reply>

        init(within limit: Duration = .seconds(60)) throws {
            let socket = try ListeningSocket(try #require(SocketAddress(literal: "127.0.0.1", port: 0)))
            port = socket.port
            let (owed, continuation) = AsyncStream.makeStream(of: ServerAnswer.Reply.self)
            self.owed = owed
            server = try HTTPServer(on: socket) { request in
                guard request.path == "/later" else { return .now(ServerReply("now".utf8)) }
                return .later(within: limit, otherwise: ServerReply("late".utf8, status: 503)) { reply in
                    continuation.yield(reply)
                }
            }
        }

        /// A connection that has asked.
        func ask(_ path: String, _ method: String = "GET") -> RawConnection {
            let connection = RawConnection(port: port)
            connection.send("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            return connection
        }
    }

    @Test func `comes when it is there, whoever is answered meanwhile, and counts once`() async throws {
        let debtor = try Debtor()
        var owed = debtor.owed.makeAsyncIterator()
        for method in ["GET", "HEAD"] {
            let waiting = debtor.ask("/later", method)
            guard let reply = await owed.next() else { return }
            let other = debtor.ask("/")
            #expect(try await onThread { other.answer() }.hasSuffix("\r\n\r\nnow"))
            #expect(waiting.next(within: .milliseconds(50)) == .silence)
            for text in ["first", "second"] { reply(ServerReply(text.utf8)) }
            let answer = try await onThread { waiting.answer() }
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\r\nContent-Length: 5\r\n"), "\(answer)")
            #expect(answer.hasSuffix(method == "GET" ? "\r\n\r\nfirst" : "\r\n\r\n"), "\(answer)")
        }
    }

    @Test func `is another when its time is up`() async throws {
        let debtor = try Debtor(within: .milliseconds(20))
        let waiting = debtor.ask("/later")
        let answer = try await onThread { waiting.answer() }
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.hasSuffix("late"), "\(answer)")
    }

    @Test func `may be there before anybody waits`() async throws {
        let socket = try ListeningSocket(try #require(SocketAddress(literal: "127.0.0.1", port: 0)))
        let port = socket.port
        let server = try HTTPServer(on: socket) { _ in
            .later(within: .seconds(60), otherwise: ServerReply("".utf8)) { $0(ServerReply("at once".utf8)) }
        }
        defer { server.stop() }
        for _ in 0..<20 {
            let answer = try await onThread {
                let connection = RawConnection(port: port)
                connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return connection.answer()
            }
            #expect(answer.hasSuffix("\r\n\r\nat once"), "\(answer)")
        }
    }

    @Test func `holds up no stop, and may come after it, or after its client has gone`() async throws {
        for round in 0..<20 {
            let debtor = try Debtor()
            var owed = debtor.owed.makeAsyncIterator()
            let connections = (0..<5).map { _ in debtor.ask("/later") }
            var replies: [ServerAnswer.Reply] = []
            while replies.count < connections.count, let reply = await owed.next() { replies.append(reply) }
            connections[0].close()
            if round % 2 == 0 { replies[0](ServerReply("".utf8)) }
            try await onThread { debtor.server.stop() }
            for connection in connections.dropFirst() { #expect(try await onThread { connection.isEnded() }) }
            for reply in replies { reply(ServerReply("".utf8)) }
        }
    }
}
