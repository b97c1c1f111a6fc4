import ATProtocol
import Network
import TestSupport
import Testing

@testable import Notifier

@Suite struct `Looking owners up` {
    private static let project = "at://did:plc:owneraaaaaaaaaaaaaaaaaaa/com.example.project/p1"

    private static func answer(_ status: Int, _ body: String) -> Result<HTTPResponse, HTTPError> {
        .success(HTTPResponse(status: status, body: Array(body.utf8)))
    }

    private func find(
        _ record: Result<HTTPResponse, HTTPError>,
        status: Result<HTTPResponse, HTTPError> = answer(200, #"{"active":true}"#),
        field: String? = nil
    ) async throws -> (OwnerLookup.Finding, ScriptedClient) {
        let http = ScriptedClient { $0.url.path.hasSuffix("getRepoStatus") ? status : record }
        let lookup = OwnerLookup(
            configuration: LookupConfiguration(),
            identities: FixedIdentities(),
            strangers: GuardedClient(configuration: LookupConfiguration(), http: http, clock: ManualClock()),
            confirmations: PassingConfirmations(),
            wallClock: ManualClock()
        )
        let rule = try Rules.rule(owner: field == nil ? "authority" : "project-record-field", field: field)
        let reference = ProjectReference.record(try ATURI(Self.project))
        let request = ATURI(World.author, NSID(known: "com.example.request"), try RecordKey("r"))
        let findings = await lookup.find([reference], of: request, rule: rule, isFresh: false)
        return (try #require(findings.first), http)
    }

    private func reason(_ finding: OwnerLookup.Finding) -> Reason? {
        finding.failure.map { classify($0.phase, $0.cause).reason }
    }

    @Test func `the record gives the name, and is asked for as a stranger's (invariant 7)`() async throws {
        let body = #"{"uri":"\#(Self.project)","value":{"$type":"com.example.project","name":"Windmill"}}"#
        let (finding, http) = try await find(Self.answer(200, body))
        #expect(finding.failure == nil)
        #expect((finding.owner, finding.projectName) == (World.did("owneraaaaaaaaaaaaaaaaaaa"), "Windmill"))
        #expect(http.requests.map(\.reach) == [.stranger])
        #expect(http.requests.first?.headers["Authorization"] == nil)
    }

    static let missing = #"{"error":"RecordNotFound","message":"Could not locate record: at://x"}"#

    static let states: [(status: Int, body: String, reason: Reason)] = [
        (200, #"{"active":true}"#, .projectNotFound),
        (200, #"{"active":false,"status":"deactivated"}"#, .repositoryInactive),
        (200, #"{"active":false,"status":"takendown"}"#, .repositoryGone),
        (200, #"{"active":false}"#, .repositoryInactive),
        (400, #"{"error":"RepoNotFound","message":"Could not find repo for DID: x"}"#, .repositoryNotFound),
        (200, "<html>", .projectUnavailable),
        (503, "", .projectUnavailable),
    ]

    @Test(arguments: states) func `a missing record is believed only of an active repository`(
        status: Int,
        body: String,
        reason: Reason
    ) async throws {
        let (finding, _) = try await find(Self.answer(400, Self.missing), status: Self.answer(status, body))
        #expect(self.reason(finding) == reason)
        #expect(finding.owner != nil)
    }

    @Test func `another record than the one asked for is not believed`() async throws {
        let body =
            #"{"uri":"at://did:plc:otheraaaaaaaaaaaaaaaaaaa/com.example.project/p1","value":{"$type":"com.example.project"}}"#
        #expect(reason(try await find(Self.answer(200, body)).0) == .projectUnavailable)
    }

    @Test func `the owner may be named in the project's own record`() async throws {
        let body =
            #"{"uri":"\#(Self.project)","value":{"$type":"com.example.project","maintainer":{"did":"did:plc:maintaineraaaaaaaaaaaaaa"}}}"#
        let (finding, _) = try await find(Self.answer(200, body), field: "maintainer.did")
        #expect(finding.owner == World.did("maintaineraaaaaaaaaaaaaa"))
        let wrong = #"{"uri":"\#(Self.project)","value":{"$type":"com.example.project","maintainer":"alice"}}"#
        #expect(reason(try await find(Self.answer(200, wrong), field: "maintainer.did").0) == .ownerFieldInvalid)
    }

    @Test func `a stranger who names an operator's host cannot have it paused for the operator`() async throws {
        let http = ScriptedClient { request in
            let isStranger = request.reach == .stranger
            return .success(HTTPResponse(status: isStranger ? 501 : 200, body: Array("{}".utf8)))
        }
        let client = GuardedClient(configuration: LookupConfiguration(), http: http, clock: ManualClock())
        let url = try WebURL("https://index.example.com/x")
        func ask(_ reach: HTTPRequest.Reach) async throws -> Int {
            try await client.send(HTTPRequest(.get, url, reach: reach)).status
        }
        for _ in 0..<3 { #expect(try await ask(.stranger) == 501) }
        await #expect(throws: CallError.self) { try await ask(.stranger) }
        #expect(try await ask(.trusted) == 200)
    }
}
