import ATProtocol
import Firehose
import Glibc
import Logging
import Network
import Synchronization
import TestSupport

@testable import Notifier

extension ScriptedClient {
    /// A PDS whose every record exists and is called “Project of <key>”, and an AppView on which nobody follows.
    static func world(followers: Set<DID> = []) -> ScriptedClient {
        ScriptedClient { request in
            func item(_ name: String) -> String { request.url.value(of: name) ?? "" }
            if request.url.path.hasSuffix("getRelationships") {
                return .relationships(of: request.url.values(of: "others"), followers: followers)
            }
            if request.url.path.hasSuffix("getFollowers") {
                let list = followers.map { follower -> JSONValue in ["did": .string(follower.text)] }
                return .json(["followers": .array(list)])
            }
            return .json([
                "uri": .string("at://\(item("repo"))/\(item("collection"))/\(item("rkey"))"),
                "value": ["$type": .string(item("collection")), "name": .string("Project \(item("rkey"))")],
            ])
        }
    }
}

extension Result<HTTPResponse, HTTPError> {
    /// What an AppView says of accounts, of which some follow.
    static func relationships(of others: [String], followers: Set<DID>) -> Self {
        let list = others.map { other -> JSONValue in
            let follows = followers.contains { $0.text == other }
            return follows ? ["did": .string(other), "followedBy": "at://x"] : ["did": .string(other)]
        }
        return .json(["relationships": .array(list)])
    }
}

extension DeliveryContext {
    /// The context of one part alone, which reports to nobody.
    static func silent(
        _ configuration: NotifierConfiguration,
        http: any HTTPClient,
        wallClock: any WallClock,
        logger: Logger = .silent
    ) -> DeliveryContext {
        let outputs = OutputDispatcher([], http: http, wallClock: wallClock, logger: .silent)
        let context = DeliveryContext(
            configuration,
            sender: World.sender,
            reporter: OutcomeReporter(logger: .silent, wallClock: wallClock, outputs: outputs),
            wallClock: wallClock,
            clock: ContinuousClock(),
            logger: logger
        )
        context.networkTime.note(.distantFuture)
        return context
    }
}
