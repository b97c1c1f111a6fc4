import ATProtocol
import Network
import TestSupport
import Testing

@testable import Sandbox

/// Where the reference servers do other than one would think, and the sandbox once did other than they.
@Suite(.timeLimit(.minutes(1))) struct `The sandbox answers as the reference servers where they` {
    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let client: StrictClient

    init() async throws {
        var options = SandboxOptions()
        options.signsCommits = true
        network = try await SandboxNetwork.start(options)
        bot = try network.createAccount(handle: "bot.test")
        client = try StrictClient(network)
    }

    private func put(_ text: String, _ tokens: StrictClient.Tokens) async throws -> String {
        let body: JSONValue = [
            "repo": .string(bot.did.text), "collection": "app.bsky.feed.post", "rkey": "3kaaaaaaaaa2a",
            "record": ["$type": "app.bsky.feed.post", "text": .string(text)], "swapRecord": .null,
        ]
        let method = try NSID("com.atproto.repo.putRecord")
        return StrictClient.description(try await client.call(.procedure(method, body), tokens.access))
    }

    @Test(arguments: [("takendown", "AccountTakedown"), ("deactivated", "AccountDeactivated")])
    func `carry the calls of an inactive account to the chat, and let it write nothing of its own`(
        status: String,
        error: String
    ) async throws {
        let owner = try network.createAccount(handle: "owner.test")
        let tokens = try await client.logIn(bot)
        network.setStatus(status, of: bot)
        #expect(try await client.openConversation(with: owner.did, tokens).status == 200)
        #expect(try await put("hello", tokens).hasPrefix("401 \(error)"))
        let session = try JSONValue(parsing: try await client.getSession(tokens).body)
        #expect(session["active"]?.bool == false && session["status"]?.string == status)
    }

    @Test func `take the same record once more, and swap none for another`() async throws {
        let tokens = try await client.logIn(bot)
        for _ in 0..<2 { #expect(try await put("hello", tokens).hasPrefix("200")) }
        let told = network.streamHosts[0].messages(on: .jetstream2).count {
            String(decoding: $0, as: UTF8.self).contains(#""collection":"app.bsky.feed.post""#)
        }
        #expect(told == 1, "what is no change is no commit")
        #expect(try await put("other", tokens).hasPrefix("400 InvalidSwap"))
    }

    @Test func `do not know an identity that was ended`() async throws {
        network.plc.tombstone(bot.did)
        let answer = try await client.get(network.plcURL.with(path: "/\(bot.did)"))
        #expect(StrictClient.description(answer) == "404 - DID not available: \(bot.did)")
    }

    @Test(
        arguments: [
            ("takendown", "400 RepoTakendown"), ("deactivated", "400 RepoDeactivated"), ("deleted", "400 RepoNotFound"),
            ("suspended", "200"), ("throttled", "200"),
        ]
    )
    func `prove the records of every account but those that are gone from them`(status: String, answer: String)
        async throws
    {
        let uri = try network.createRecord(by: bot, collection: "com.example.project", record: ["name": "Engine"])
        network.setStatus(status, of: bot)
        let url = network.pdsURL.with(
            path: "/xrpc/com.atproto.sync.getRecord",
            query: [
                ("did", bot.did.text), ("collection", "com.example.project"), ("rkey", uri.recordKey?.text ?? ""),
            ]
        )
        #expect(StrictClient.description(try await client.get(url)).hasPrefix(answer))
    }

    /// A subscription that was accepted; blocks its thread.
    private static func subscription(to host: StreamHost, _ wire: SandboxWire, query: String = "") -> RawConnection {
        let url = host.url(wire)
        let connection = RawConnection(port: url.port ?? 80)
        connection.send(
            "GET \(url.path)\(query) HTTP/1.1\r\nHost: \(url.authority)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        var head = ""
        while !head.hasSuffix("\r\n\r\n"), case .bytes(let bytes) = connection.next() {
            head += String(decoding: bytes, as: UTF8.self)
        }
        return connection
    }

    /// What a client of a stream gets first when something is done to it.
    private func answer(on wire: SandboxWire, to fault: StreamFault) async throws -> RawConnection.Outcome {
        let host = network.streamHosts[0]
        return try await onThread {
            let connection = Self.subscription(to: host, wire)
            // Who has been answered is a client a moment later.
            var outcome = RawConnection.Outcome.silence
            while outcome == .silence {
                host.inflict(fault)
                outcome = connection.next(within: .milliseconds(500))
            }
            return outcome
        }
    }

    @Test(
        arguments: [
            (.jetstream2, [0x89, 0x01, 0x31]), (.jetstream1, [0x89, 0x01, 0x31]), (.relay, [0x89, 0x00]),
        ] as [(SandboxWire, [UInt8])]
    )
    func `count their pings, if they are no relays`(wire: SandboxWire, frame: [UInt8]) async throws {
        guard case .bytes(let bytes) = try await answer(on: wire, to: .ping) else {
            Issue.record("no ping")
            return
        }
        #expect(bytes.starts(with: frame))
    }

    @Test(arguments: SandboxWire.allCases)
    func `begin with the present when they are asked for the future, if they are relays behind its first event`(
        wire: SandboxWire
    ) async throws {
        let (network, bot) = (network, bot)
        let outcome = try await onThread {
            let connection = Self.subscription(to: network.streamHosts[0], wire, query: "?cursor=9000000000")
            network.setStatus("suspended", of: bot)
            network.setStatus(nil, of: bot)
            return connection.next()
        }
        guard case .bytes(let bytes) = outcome else {
            Issue.record("no event")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains("suspended") == (wire != .relay))
    }

    @Test func `end a stream of version 1 without a word`() async throws {
        for fault in [StreamFault.tooSlow, .internalError] {
            #expect(try await answer(on: .jetstream1, to: fault) == .ended)
        }
    }
}
