import ATProtocol
import Firehose
import Notifier
import Testing

@testable import ImpactNotifier

@Suite struct `What replay says` {
    @Test func `of an owner who is known by a handle is whom it would ask`() async throws {
        let text = RuleText(
            name: "requests",
            collections: ["org.example.change.request"],
            references: .init(["subject.uri"]),
            message: "Somebody wrote a change request."
        )
        let rule = try #require(Rule.reading(text).rule)
        let project = "at://owner.example.com/org.example.project/p1"
        var dryRun = DryRun(configuration: NotifierConfiguration(rules: [rule]), sender: nil)
        let event = StreamEvent(
            of: try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaab"),
            .create,
            try NSID("org.example.change.request"),
            try RecordKey("3m6fxxxxxxx2b"),
            ["title": "Hello", "subject": ["uri": .string(project), "cid": "x"]]
        )
        let outcome = try #require(await dryRun.take(event).first)
        let about = "about \(outcome.uri) (rule requests)"
        #expect(
            outcome.lines == [
                "would ask who owner.example.com is, look up the owner of \(project) and send \(about)"
            ]
        )
        #expect(outcome.json["outcome"] == "unresolved" && outcome.json["handle"] == "owner.example.com")
    }
}
