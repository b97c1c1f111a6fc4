import ATProtocol
import Network
import TestSupport

@testable import Notifier

/// A rule, owners and records of the tests of the rule language.
enum RuleSamples {
    static let owners = [World.did("ownerone"), World.did("ownertwo"), World.did("ownerthree")]

    static func uri(_ owner: DID, _ collection: String = "com.example.project", key: String = "p1") -> String {
        "at://\(owner)/\(collection)/\(key)"
    }

    static func text(_ paths: [String] = ["subjects[*].uri"], _ accepts: [String] = ["at-uri", "strong-ref"])
        -> RuleText
    {
        var text = RuleText(
            name: "issues",
            collections: ["com.example.change.request"],
            references: .init(paths, accepts: accepts),
            message: "{{record.title}} for {{project.name}}"
        )
        text.projectCollections = ["com.example.project"]
        return text
    }

    static func subjects(_ uris: [String], _ more: [String: JSONValue] = [:]) -> JSONValue {
        var record: [String: JSONValue] = [
            "title": "Mend", "subjects": .array(uris.map { ["uri": .string($0)] }),
        ]
        record.merge(more) { $1 }
        return .object(record)
    }

    // MARK: conditions
}

extension OwnerLookup {
    /// A look-up in a network of these records, by AT-URI.
    static func over(_ records: [String: JSONValue], counting: @escaping @Sendable () -> Void = {}) -> OwnerLookup {
        let http = ScriptedClient { request in
            counting()
            func item(_ name: String) -> String { request.url.value(of: name) ?? "" }
            let repository = "at://\(item("repo"))/"
            if request.url.path.hasSuffix("describeRepo") {
                let names = records.keys.filter { $0.hasPrefix(repository) }.compactMap {
                    try? ATURI($0).collection?.text
                }
                return .json(["collections": .array(names.map { .string($0) })])
            }
            if request.url.path.hasSuffix("getRepoStatus") { return .json(["active": true]) }
            let collection = item("collection")
            let uri = "\(repository)\(collection)/\(item("rkey"))"
            guard var value = records[uri]?.object else {
                return .success(HTTPResponse(status: 400, body: Array(#"{"error":"RecordNotFound"}"#.utf8)))
            }
            value["$type"] = .string(collection)
            return .json(["uri": .string(uri), "value": .object(value)])
        }
        return OwnerLookup(
            configuration: LookupConfiguration(),
            identities: FixedIdentities(),
            strangers: GuardedClient(configuration: LookupConfiguration(), http: http, clock: ManualClock()),
            confirmations: PassingConfirmations(),
            wallClock: ManualClock()
        )
    }
}
