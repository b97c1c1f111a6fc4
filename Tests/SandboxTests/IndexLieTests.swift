import ATProtocol
import Network
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's index when it lies or fails` {
    private let network: SandboxNetwork
    private let owner: SandboxAccount
    private let other: SandboxAccount
    private let asker: IndexAsker
    private let repository: DID
    private let truth: ATURI

    init() async throws {
        network = try await SandboxNetwork.start()
        owner = try network.createAccount(handle: "owner.test")
        other = try network.createAccount(handle: "other.test")
        asker = IndexAsker(network)
        repository = try network.createRepositoryIdentity()
        truth = try network.claim(repository, by: owner, name: "engine", key: "engine")
    }

    private func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        let request = HTTPRequest(.post, network.controlURL.with(path: path), body: body.encoded)
        return try JSONValue(parsing: try await asker.http.send(request).body)
    }

    /// A request with a method that our client does not have.
    private func delete(_ path: String, _ body: JSONValue = [:]) -> HTTPResponse {
        ControlEndpoint.answer(
            IncomingRequest(server: "control", method: "DELETE", target: path, headers: [:], body: body.encoded),
            of: network
        )
    }

    /// The value that the index shows of what it names.
    private func shown() async throws -> String? {
        try JSONValue(parsing: try await asker.ask(repository).body)["value"]?["repoDid"]?.string
    }

    @Test func `names a record that does not confirm it, as if it did`() async throws {
        let record: JSONValue = ["name": "loom", "repoDid": .string(try network.createRepositoryIdentity().text)]
        let uri = try network.createRecord(by: other, collection: "sh.tangled.repo", record: record)
        network.faults.add(.indexClaims([uri.text]), count: 2)
        #expect(try await asker.outcome(repository) == uri.text)
        #expect(try await shown() == repository.text)
        #expect(try await asker.outcome(repository) == truth.text)
        let real = try JSONValue(parsing: try await asker.record(uri).body)["value"]?["repoDid"]
        #expect(real?.string != repository.text)
    }

    @Test func `names a record in another account's repository that is not there`() async throws {
        let uri = try ATURI("at://\(other.did)/sh.tangled.repo/engine")
        network.faults.add(.indexClaims([uri.text]), count: 2)
        #expect(try await asker.outcome(repository) == uri.text)
        #expect(try await shown() == repository.text)
        #expect(IndexAsker.description(try await asker.record(uri)).hasPrefix("400 RecordNotFound"))
    }

    @Test func `names a record that was deleted`() async throws {
        try network.deleteRecord(by: owner, collection: "sh.tangled.repo", key: "engine")
        network.faults.add(.indexClaims([truth.text]), lasting: .seconds(600))
        #expect(try await asker.outcome(repository) == truth.text)
        #expect(try await shown() == repository.text)
        #expect(IndexAsker.description(try await asker.record(truth)).hasPrefix("400 RecordNotFound"))
    }

    @Test func `names two records, and both confirm it`() async throws {
        let second = try network.claim(repository, by: other, name: "engine")
        network.faults.add(.indexClaims([truth.text, second.text]))
        #expect(try await asker.outcome(repository) == "\(truth) \(second)")
        for uri in [truth, second] {
            let value = try JSONValue(parsing: try await asker.record(uri).body)["value"]?["repoDid"]
            #expect(value?.string == repository.text)
        }
    }

    @Test func `answers for another repository`() async throws {
        network.faults.add(.indexConfuses, count: 1)
        #expect(try await asker.outcome(repository) == "404 RecordNotFound: record not found")
        let elsewhere = try network.createRepositoryIdentity()
        let uri = try network.claim(elsewhere, by: other, name: "loom")
        network.faults.add(.indexConfuses, count: 2)
        #expect(try await asker.outcome(repository) == uri.text)
        #expect(try await shown() == elsewhere.text)
    }

    @Test func `lags for so many questions, and says that it does`() async throws {
        func isReady() async throws -> Bool? {
            let url = network.indexURL.with(path: "/xrpc/sh.tangled.bobbin.getCoverage")
            return try JSONValue(parsing: try await asker.get(url).body)["ready"]?.bool
        }
        network.faults.add(.indexLags, count: 2)
        for _ in 0..<2 {
            #expect(try await isReady() == false)
            #expect(try await asker.outcome(repository) == "404 RecordNotFound: record not found")
        }
        #expect(try await isReady() == true)
        #expect(try await asker.outcome(repository) == truth.text)
    }

    @Test func `is down for some seconds, in each way`() async throws {
        for fault in [Fault.dropBefore, .resetBefore, .upstreamFailure, .plainText] {
            network.faults.add(fault, on: "index GET", lasting: .seconds(30))
            for _ in 0..<2 {
                let outcome = try? await asker.outcome(repository)
                #expect(outcome != truth.text, "\(fault)")
            }
            network.clock.advance(by: .seconds(30))
            #expect(try await asker.outcome(repository) == truth.text)
        }
    }

    @Test func `answers with ten megabytes that are true for whoever reads them all`() async throws {
        network.faults.add(.padded, on: "getRepoByRepoDid", count: 2)
        let url = asker.question(repository)
        await #expect {
            _ = try await asker.http.send(HTTPRequest(.get, url))
        } throws: {
            ($0 as? HTTPError)?.code == .tooLarge
        }
        let whole = try await asker.http.send(HTTPRequest(.get, url, maximumBody: 11 << 20))
        #expect(whole.body.count > 10 << 20)
        #expect(IndexAsker.description(whole) == truth.text)
        #expect(try await asker.outcome(repository) == truth.text)
    }

    @Test func `a redirect leads to where it says`() async throws {
        let elsewhere = asker.question(repository)
        network.faults.add(.redirect(to: elsewhere.description), on: "getRepoByRepoDid")
        let answer = try await asker.ask(repository)
        #expect(answer.status == 302 && answer.headers["Location"] == elsewhere.description)
        #expect(IndexAsker.description(try await asker.get(elsewhere)) == truth.text)
    }

    @Test func `a PDS on 127.0.0.1 in disguise is reached by no stranger's reference`() async throws {
        #expect(network.disguisedPDSEndpoints.count == 12)
        for endpoint in network.disguisedPDSEndpoints {
            network.setPDS(endpoint, of: owner)
            let answer = try await asker.get(network.plcURL.with(path: "/\(owner.did)"))
            let document = try DIDDocument(try JSONValue(parsing: answer.body), of: owner.did)
            #expect(document.pdsEndpoint == endpoint && document.handle == owner.handle, "\(endpoint)")
            #expect(document.signingKey != nil)
            guard let url = try? WebURL(endpoint) else { continue }
            await #expect("\(endpoint)") {
                _ = try await asker.http.send(HTTPRequest(.get, url, reach: .stranger))
            } throws: {
                [.refusedHost, .unsupported].contains(($0 as? HTTPError)?.code)
            }
        }
        #expect(network.journal.entries(matching: "pds ").isEmpty)
    }

    @Test(
        arguments: [
            (["fault": "index-lags"], "404 RecordNotFound"),
            (["fault": "index-confuses"], "404 RecordNotFound"),
            (["fault": "index-claims", "uris": ["at://a/b/1"]], "at://a/b/1"),
            (["fault": "index-claims", "uris": ["at://a/b/1", "at://a/b/2"]], "at://a/b/1 at://a/b/2"),
            (["fault": "index-claims"], ""),
            (["fault": "html-page", "on": "index"], "200 text/html"),
            (["fault": "redirect", "on": "index", "location": "https://a.example.org/"], "302 "),
            (
                ["fault": "respond", "on": "index", "status": 500, "body": ["error": "InternalError"]],
                "500 InternalError"
            ),
            (["fault": "upstream-failure", "on": "index"], "502 UpstreamFailure"),
        ] as [(JSONValue, String)]
    ) func `is told from outside to lie and to fail, and to stop`(order: JSONValue, answer: String) async throws {
        #expect(try await post("/faults", order)["pending"] == 1)
        let seen = try await asker.outcome(repository)
        #expect(answer.isEmpty ? seen.isEmpty : seen.hasPrefix(answer), "\(seen)")
        #expect(delete("/faults").status == 200)
        #expect(try await asker.outcome(repository) == truth.text)
    }

    @Test func `hears from outside of repositories, claims, deletions and a PDS that moves`() async throws {
        let made = try await post("/repositories", ["owner": "owner.test", "name": "loom", "rkey": "loom"])
        let did = try DID(made["did"]?.string ?? "")
        #expect(made["uri"]?.string == "at://\(owner.did)/sh.tangled.repo/loom")
        #expect(try await asker.outcome(did) == made["uri"]?.string)
        let taken = try await post("/repositories", ["owner": "other.test", "did": .string(did.text)])
        #expect(try await asker.outcome(did) == taken["uri"]?.string && taken["did"] == made["did"])
        let key = try #require(try ATURI(taken["uri"]?.string ?? "").recordKey?.text)
        let record: JSONValue = ["repo": "other.test", "collection": "sh.tangled.repo", "rkey": .string(key)]
        #expect(delete("/records", record).status == 200)
        #expect(delete("/records", record).status == 400)
        #expect(try await asker.outcome(did).hasPrefix("404"))
        let older = try await post("/repositories", ["older": true, "knot": "https://knot2.example.org"])
        #expect(older["uri"] == nil)
        let document = network.plc.document(of: try DID(older["did"]?.string ?? ""))
        #expect(document?["service"]?[0]?["serviceEndpoint"] == "https://knot2.example.org")
        #expect(try await post("/repositories", ["owner": "nobody.test"])["error"] != nil)
        _ = try await post("/pds", ["repo": "owner.test", "endpoint": "https://127.1"])
        #expect(network.plc.document(of: owner.did)?["service"]?[0]?["serviceEndpoint"] == "https://127.1")
        #expect(network.summary["index"]?.string == network.indexURL.origin)
    }
}
