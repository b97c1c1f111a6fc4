import ATProtocol
import Network
import Synchronization
import TestSupport
import Testing

@testable import OAuth
@testable import Sandbox

/// Answers of the token endpoint that end early, at every byte: the server has rotated, and we know only a part of it.
@Suite struct `A token answer that is cut` {
    /// A server that rotates without mercy, on a real socket; session, disk and time are in memory.
    private final class Wire: Sendable {
        let faults = FaultPlan()
        private let listener: LoopbackServer
        private let server = Mutex<RotatingServer?>(nil)
        private let longest = Mutex(0)
        private let client = CurlHTTPClient.loopback()

        init() throws {
            let door = FrontDoor(faults: faults, journal: Journal())
            listener = try LoopbackServer("as", port: 0, keepAlive: .seconds(90), door: door)
            try listener.serve { [weak self] request in .response(self?.answer(request) ?? HTTPResponse(status: 404)) }
        }

        deinit { listener.stop() }

        private func answer(_ request: IncomingRequest) -> HTTPResponse? {
            let question = HTTPRequest(
                request.method == "POST" ? .post : .get,
                listener.url.with(path: request.path),
                headers: request.headers,
                body: request.body
            )
            let response = server.withLock { $0 }?.answer(question)
            longest.withLock { $0 = max($0, response?.encoded().count ?? 0) }
            return response
        }

        /// A new session on this wire, whose access token has ended.
        func fixture() throws -> SessionFixture {
            var fixture = try SessionFixture(.loopback)
            let origin = listener.url.origin
            fixture.identities.move(to: origin)
            fixture.configuration.allowsLoopback = true
            fixture.environment.client = client
            fixture.record.pds = origin
            fixture.record.binding?.tokenEndpoint = origin + SessionFixture.tokenPath
            fixture.store()
            fixture.clock.advance(3700)
            server.withLock { $0 = RotatingServer(clock: fixture.clock, files: fixture.files) }
            return fixture
        }

        /// How many bytes an answer with tokens has, the longest that there is.
        func length() async throws -> Int {
            let fixture = try fixture()
            #expect(try await fixture.open().send(fixture.call).status == 200)
            return longest.withLock { $0 }
        }
    }

    @Test(arguments: [false, true]) func `at any byte on the wire is a loss that is named`(resets: Bool) async throws {
        let wire = try Wire()
        let length = try await wire.length()
        #expect(length > 300)
        for bytes in 0..<length {
            let fixture = try wire.fixture()
            let session = try await fixture.open()
            // The first request of a process to the server only learns the nonce.
            wire.faults.add(Fault(.truncate(bytes: bytes, resets: resets), .afterHandling), on: "/token", skipping: 1)
            _ = try? await session.send(fixture.call)
            let state = await session.status().state
            #expect(state.problem?.reason == .tokenDead, "cut after \(bytes) bytes")
            await session.drain()
            #expect(fixture.stored?.refreshToken == "refresh-0" && fixture.stored?.verdict == state, "\(bytes)")
        }
    }

    @Test func `at any byte of the body, without anybody noticing, is kept aside`() async throws {
        let body = try Answer.tokens(1).get().body
        for bytes in 1..<body.count {
            let fixture = try SessionFixture()
            let half = Answer.success(HTTPResponse(status: 200, body: Array(body.prefix(bytes))))
            fixture.client.script(SessionFixture.tokenPath, [half])
            fixture.clock.advance(3700)
            let session = try await fixture.open()
            _ = try? await session.send(fixture.call)
            let state = await session.status().state
            #expect(state.problem?.reason == .unusableAnswer, "\(bytes) of \(body.count) bytes")
            #expect(fixture.stored?.verdict == nil, "it proves nothing")
            #expect(fixture.tokenRequests == 1 && fixture.calls == 0)
            #expect(fixture.stored?.refreshToken == "refresh-0")
        }
    }
}
