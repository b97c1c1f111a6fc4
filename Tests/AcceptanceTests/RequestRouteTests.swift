import ATProtocol
import Glibc
import Sandbox
import TestSupport
import Testing

/// Guards against an app that is told nothing, or more than is anybody's business.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `An app that asks what became of a request` {
    private static let token = "0123456789abcdef0123456789abcdef"
    private let endpoint = StatusEndpoint()

    private func get(_ uri: String, _ token: String? = Self.token) async throws -> (status: Int, json: JSONValue) {
        let field = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let port = endpoint.port
        let answer = try await onThread {
            let connection = RawConnection(port: port)
            connection.send("GET /requests/\(uri) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n")
            return connection.answer()
        }
        let end = try #require(answer.firstRange(of: "\r\n\r\n"), "\(answer)").upperBound
        let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (try #require(status), try JSONValue(parsing: String(answer[end...])))
    }

    @Test func `hears that its owner was told, or has to follow, or is not told; and nothing without its token`()
        async throws
    {
        let folder = try TemporaryDirectory()
        let file = try folder.write(Self.token + "\n", to: "token")
        let stage = try await Stage(
            owners: 3,
            overrides: ["status.listen": endpoint.address, "status.requests_token_file": file]
        )
        defer { withExtendedLifetime((stage, folder)) {} }
        try stage.network.setAllowIncoming(.following, of: stage.owners[1])
        stage.network.setBlocking(true, stage.owners[2], stage.bot)
        let process = try stage.daemon.run()
        let uris = try (0..<3).map { try stage.ask("Request \($0).", of: $0) }
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        // Who tells of requests may begin to listen later than requests are read.
        #expect(await endpoint.shows("/healthz") { $0.hasPrefix("ok") }, tail(process))

        let expected = [("told", "told"), ("waiting", "follow-needed"), ("not-told", "not-told")]
        for (uri, (state, reason)) in zip(uris, expected) {
            let isSo = try await holds(within: .seconds(20)) {
                let json = try await get(uri).json
                return json["state"]?.string == state && json["reason"]?.string == reason
            }
            #expect(isSo, tail(process))
        }
        let isNamed = try await holds(within: .seconds(20)) {
            try await get(uris[1]).json["help"]?.string == "Ask the owner to follow @notifier.test."
        }
        #expect(isNamed, tail(process))
        for uri in uris {
            let text = try await get(uri).json.encodedText
            for owner in stage.owners { #expect(!text.contains(owner.did.text) && !text.contains("block"), "\(text)") }
            #expect(try await get(uri, nil).status == 401)
            #expect(try await get(uri, "another-token-0123456789").status == 401)
        }
        #expect(try await get("at://\(stage.author.did)/\(LocalDaemon.collection)/unknown").status == 404)
        let check = try stage.daemon.start("check", ["--effective"])
        #expect(await check.ended(within: .seconds(20)) == .exited(0), tail(check))
        #expect(check.output.contains { $0.hasPrefix("status.requests_token_file") && $0.contains(file) }, tail(check))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        for child in [process, check] { #expect(!child.output.contains { $0.contains(Self.token) }) }
    }
}
