import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's AppView` {
    @Test func `followers are told the latest first, in pages, and a limit that is asked for is shown`() async throws {
        let network = try await SandboxNetwork.start()
        let bot = try network.createAccount(handle: "bot.test")
        let followers = try (0..<5).map { try network.createAccount(handle: "f\($0).test") }
        for follower in followers { network.setFollowing(true, follower, bot) }
        // Who follows anew is the latest.
        network.setFollowing(false, followers[1], bot)
        network.setFollowing(true, followers[1], bot)
        let http = CurlHTTPClient.loopback()
        func ask(_ query: [(name: String, value: String)]) async throws -> HTTPResponse {
            let url = network.appViewURL.with(path: "/xrpc/app.bsky.graph.getFollowers", query: query)
            return try await http.send(HTTPRequest(.get, url))
        }
        var (found, sizes, cursor): ([String], [Int], String?) = ([], [], nil)
        repeat {
            let query = [("actor", bot.did.text), ("limit", "2")] + (cursor.map { [("cursor", $0)] } ?? [])
            let page = try JSONValue(parsing: try await ask(query).body)
            let list = page["followers"]?.array?.compactMap { $0["did"]?.string } ?? []
            found += list
            sizes.append(list.count)
            cursor = page["cursor"]?.string
        } while cursor != nil
        #expect(found == [1, 4, 3, 2, 0].map { followers[$0].did.text })
        #expect(sizes == [2, 2, 1])
        #expect(try await ask([("actor", bot.did.text), ("limit", "101")]).status == 400)
        #expect(try await ask([("actor", "did:plc:nobodynobodynobodynobo")]).status == 400)
        network.faults.add(.pdsRateLimit(retryAfter: 7), on: "getFollowers")
        let limited = try await ask([("actor", bot.did.text)])
        #expect(limited.status == 429 && limited.headers["Retry-After"] == "7")
    }

    @Test func `an account that is not known is told that nobody is known, and not that nobody follows`() async throws {
        let network = try await SandboxNetwork.start()
        let bot = try network.createAccount(handle: "bot.test")
        let owner = try network.createAccount(handle: "owner.test")
        network.setFollowing(true, owner, bot)
        let asker = IndexAsker(network)
        func ask(_ query: [(name: String, value: String)]) async throws -> HTTPResponse {
            try await asker.get(network.appViewURL.with(path: "/xrpc/app.bsky.graph.getRelationships", query: query))
        }
        let stranger = "did:plc:nobodynobodynobodynobo"
        let unknown = try await ask([("actor", stranger), ("others", owner.did.text)])
        let missing: JSONValue = [
            "$type": "app.bsky.graph.defs#notFoundActor", "actor": .string(owner.did.text), "notFound": true,
        ]
        #expect(unknown.status == 200)
        #expect(try JSONValue(parsing: unknown.body) == ["relationships": [missing]])
        let known = try await ask([("actor", bot.did.text), ("others", owner.did.text), ("others", stranger)])
        let list = try JSONValue(parsing: known.body)["relationships"]
        #expect(list?[0]?["followedBy"]?.string?.isEmpty == false)
        #expect(list?[1]?["$type"] == "app.bsky.graph.defs#notFoundActor")
        #expect(try await ask([("others", owner.did.text)]).status == 400)
    }
}
