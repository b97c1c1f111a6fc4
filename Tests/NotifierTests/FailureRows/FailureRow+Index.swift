import ATProtocol
import Network
import Sandbox

@testable import Notifier

/// Rows 41 to 45: an index that lags, lies or is ill, and owners who are no persons.
extension FailureRow {
    private static func row(
        _ number: Int,
        _ title: String,
        _ action: Verdict.Action,
        _ reason: Reason,
        _ ending: Ending,
        lie: @escaping @Sendable (FailureStage, DID) throws -> Void
    ) -> FailureRow {
        FailureRow(number, title, .attempt(.index, action, reason), ending) { stage in
            var rule = RuleText(
                name: "indexed",
                collections: ["com.example.change.request"],
                references: .init(["subject"], accepts: ["did", "at-uri"]),
                message: "{{record.title}}"
            )
            rule.projectCollections = ["sh.tangled.repo"]
            rule.ownerFrom = "index"
            rule.index = .init(
                query: "\(stage.network.indexURL.origin)/xrpc/sh.tangled.repo.getRepoByRepoDid?repoDid={{reference}}",
                recordPath: number == 44 ? "[*].uri" : "uri",
                confirmingPath: "repoDid"
            )
            let repository = try stage.network.createRepositoryIdentity()
            try stage.network.claim(repository, by: stage.owner, name: "engine", key: "engine")
            try lie(stage, repository)
            stage.configuration.rules = [try Rule(rule)]
            try stage.ask(of: repository.text)
        }
    }

    private static func fault(_ fault: Fault, count: Int = 1) -> @Sendable (FailureStage, DID) throws -> Void {
        { stage, _ in stage.network.faults.add(fault, on: "getRepoByRepoDid", count: count) }
    }

    private static func always(_ fault: Fault) -> @Sendable (FailureStage, DID) throws -> Void {
        Self.fault(fault, count: 1_000_000)
    }

    static let index: [FailureRow] = [
        row(41, "an index that fails", .retry, .indexUnavailable, .delivered, lie: fault(.respond(answer(500, "")))),
        row(
            41,
            "an index that is overloaded",
            .retry,
            .indexUnavailable,
            .delivered,
            lie: fault(.respond(answer(503, "{}")))
        ),
        row(41, "an index that hangs up", .retry, .indexUnavailable, .delivered, lie: fault(.dropBefore)),
        row(41, "a page", .retry, .indexUnavailable, .delivered, lie: fault(.htmlPage)),
        row(41, "an answer of 10 MB", .retry, .indexUnavailable, .delivered, lie: fault(.padded)),
        row(
            41,
            "a redirect",
            .retry,
            .indexUnavailable,
            .delivered,
            lie: fault(.redirect(to: "http://127.0.0.1:1/"))
        ),
        row(42, "an index that lags", .retry, .indexUnknown, .delivered, lie: fault(.indexLags)),
        row(42, "an index that never knows", .retry, .indexUnknown, .dropped, lie: always(.indexLags)),
        row(43, "another repository's answer", .retry, .ownerUnconfirmed, .dropped) { stage, _ in
            let other = try stage.network.createRepositoryIdentity()
            try stage.network.claim(other, by: stage.author, name: "other", key: "other")
            stage.network.faults.add(.indexConfuses, on: "getRepoByRepoDid", count: 1_000_000)
        },
        row(43, "a record that is not there", .retry, .ownerUnconfirmed, .dropped) { stage, _ in
            let uri = "at://\(stage.author.did)/sh.tangled.repo/nowhere"
            stage.network.faults.add(.indexClaims([uri]), on: "getRepoByRepoDid", count: 1_000_000)
        },
        row(43, "a record that does not confirm it", .retry, .ownerUnconfirmed, .dropped) { stage, _ in
            let other = try stage.network.createRepositoryIdentity()
            let uri = try stage.network.claim(other, by: stage.author, name: "other", key: "other")
            stage.network.faults.add(.indexClaims([uri.text]), on: "getRepoByRepoDid", count: 1_000_000)
        },
        row(44, "two accounts whose records both confirm it", .drop, .ownerAmbiguous, .dropped) { stage, repository in
            let claims = try [stage.owner, stage.author].map {
                try stage.network.claim(repository, by: $0, name: "engine", key: "twice").text
            }
            stage.network.faults.add(.indexClaims(claims), on: "getRepoByRepoDid", count: 1_000_000)
        },
        FailureRow(45, "a group's account", .attempt(.project, .skip, .ownerIsNoPerson), .dropped) { stage in
            var rule = RuleText(
                name: "groups",
                collections: ["com.example.change.request"],
                references: .init(["subject"]),
                message: "{{record.title}}"
            )
            rule.groupCollections = ["com.example.group.*"]
            stage.configuration.rules = [try Rule(rule)]
            try stage.network.createRecord(
                by: stage.owner,
                collection: "com.example.group.member",
                record: [:],
                key: "m"
            )
            try stage.ask()
        },
        FailureRow(45, "a repository's own account", .attempt(.project, .skip, .ownerIsNoPerson), .dropped) { stage in
            var rule = RuleText(
                name: "people",
                collections: ["com.example.change.request"],
                references: .init(["subject"], accepts: ["did"]),
                message: "{{record.title}}"
            )
            rule.ownerFrom = "did"
            stage.configuration.rules = [try Rule(rule)]
            try stage.ask(of: try stage.network.createRepositoryIdentity().text)
        },
    ]
}
