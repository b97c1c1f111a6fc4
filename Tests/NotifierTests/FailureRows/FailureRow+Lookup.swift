import ATProtocol
import Network
import Sandbox

@testable import Notifier

/// Rows 29 to 37: identities, the owner's PDS, and what is refused without asking anybody.
extension FailureRow {
    private static func identity(_ action: Verdict.Action, _ reason: Reason) -> Sign {
        .attempt(.identity, action, reason)
    }

    private static func project(_ action: Verdict.Action, _ reason: Reason) -> Sign {
        .attempt(.project, action, reason)
    }

    private static let nobody = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/com.example.project/p1"

    private static let identities: [FailureRow] = [
        FailureRow(29, "a DID that nobody registered", identity(.retry, .didNotFound), .dropped) {
            try $0.ask(of: nobody)
        },
        FailureRow(29, "a tombstone", identity(.retry, .didNotFound), .dropped) { stage in
            stage.network.plc.tombstone(stage.owner.did)
        },
        FailureRow(29, "a did:web whose host has no document", identity(.retry, .didNotFound), .dropped) { stage in
            let port = stage.network.plcURL.port ?? 80
            try stage.ask(of: "at://did:web:localhost%3A\(port)/com.example.project/p1")
        },
        FailureRow(29, "a handle that nobody has", identity(.retry, .handleUnresolved), .dropped) {
            try $0.ask(of: "at://nobody.test/com.example.project/p1")
        },
        FailureRow(
            30,
            answer(503, "<html>busy</html>"),
            on: "plc GET",
            identity(.retry, .identityUnavailable),
            .delivered
        ),
        FailureRow(30, answer(429, "{}"), on: "plc GET", identity(.retry, .identityUnavailable), .delivered),
        FailureRow(
            30,
            answer(500, #"{"message":"Internal"#),
            on: "plc GET",
            identity(.retry, .identityUnavailable),
            .delivered
        ),
        FailureRow(30, "the directory hangs up", identity(.retry, .identityUnavailable), .delivered) { stage in
            stage.network.faults.add(.dropBefore, on: "plc GET")
        },
        FailureRow(
            30,
            answer(503, ""),
            on: "collection=com.example.project",
            project(.retry, .projectUnavailable),
            .delivered
        ),
        FailureRow(
            30,
            answer(429, "slow down"),
            on: "collection=com.example.project",
            project(.retry, .projectUnavailable),
            .delivered
        ),
        FailureRow(31, "a method that nobody resolves", .refused(.didUnsupported), .dropped) {
            try $0.ask(of: "at://did:foo:bar/com.example.project/p1")
        },
        FailureRow(31, "no AT-URI", .refused(.referenceMalformed), .dropped) { try $0.ask(of: "at:/nowhere") },
        FailureRow(31, "a handle of a reserved domain", .refused(.handleUnresolved), .dropped) {
            try $0.ask(of: "at://owner.local/com.example.project/p1")
        },
        FailureRow(30, "a document of another DID", identity(.retry, .didDocumentInvalid), .dropped) { stage in
            stage.setDocument(of: stage.author.did, pds: stage.network.pdsURL.origin)
        },
        FailureRow(31, "a document without a PDS", identity(.drop, .didDocumentWithoutPDS), .dropped) { stage in
            stage.setDocument(of: stage.owner.did, pds: nil)
        },
        FailureRow(
            30,
            answer(200, #"{"id":"did:plc:"#),
            on: "plc GET",
            identity(.retry, .didDocumentInvalid),
            .delivered
        ),
    ]

    private static let hosts: [FailureRow] = [
        FailureRow(32, "a PDS on a private address", project(.drop, .hostRefused), .dropped) { stage in
            stage.setDocument(of: stage.owner.did, pds: "https://10.1.2.3")
        },
        FailureRow(
            32,
            answer(302, "", ["Location": "https://example.com/"]),
            on: "collection=com.example.project",
            project(.drop, .projectInvalid),
            .dropped
        ),
        FailureRow(
            30,
            answer(200, "<html>Welcome</html>"),
            on: "collection=com.example.project",
            project(.retry, .projectUnavailable),
            .delivered
        ),
        FailureRow(
            32,
            answer(200, "{\"uri\":\"" + String(repeating: "a", count: 600 << 10) + "\"}"),
            on: "collection=com.example.project",
            project(.drop, .projectInvalid),
            .dropped
        ),
    ]

    private static let repositories: [FailureRow] = [
        FailureRow(33, "no such project", project(.drop, .projectNotFound), .dropped) { stage in
            try stage.ask(of: "at://\(stage.owner.did)/com.example.project/nothing")
        },
        FailureRow(34, "a repository that its PDS does not know", project(.retry, .repositoryNotFound), .dropped) {
            $0.network.plc.setDocument(
                of: try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
                PLCDirectory.document(
                    of: try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
                    handle: try Handle("moved.test"),
                    pds: $0.network.pdsURL.origin
                )
            )
            try $0.ask(of: nobody)
        },
        status(35, "deactivated", project(.defer, .repositoryInactive), .deferred),
        status(35, "suspended", project(.defer, .repositoryInactive), .deferred),
        status(35, "throttled", project(.defer, .repositoryInactive), .deferred),
        status(35, "desynchronized", project(.defer, .repositoryInactive), .deferred),
        status(36, "deleted", project(.drop, .repositoryGone), .dropped),
        status(36, "takendown", project(.drop, .repositoryGone), .dropped),
    ]

    private static let skipped: [FailureRow] = [
        FailureRow(37, "the author is the owner", .refused(.authorIsOwner), .dropped) { try $0.ask(by: $0.owner) },
        FailureRow(37, "the owner is the sender", .refused(.ownerIsSender), .dropped) { stage in
            try stage.ask(of: "at://\(stage.bot.did)/com.example.project/p1")
        },
        FailureRow(37, "the same event twice", .nothing, .delivered) { stage in
            try stage.ask()
            stage.events += stage.events
        },
    ]

    private static func status(_ number: Int, _ word: String, _ sign: Sign, _ ending: Ending) -> FailureRow {
        FailureRow(number, "the owner's account is \(word)", sign, ending) { stage in
            stage.network.setStatus(word, of: stage.owner)
        }
    }

    static let lookup: [FailureRow] = identities + hosts + repositories + skipped
}

extension FailureStage {
    /// Puts a document in the place of the owner's.
    fileprivate func setDocument(of subject: DID, pds: String?) {
        network.plc.setDocument(
            of: owner.did,
            PLCDirectory.document(of: subject, handle: owner.handle, pds: pds)
        )
    }
}
