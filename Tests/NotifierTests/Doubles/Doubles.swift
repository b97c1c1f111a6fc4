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
            let items = PercentEncoding.parseForm(request.url.query ?? "")
            func item(_ name: String) -> String { items.first { $0.name == name }?.value ?? "" }
            if request.url.path.hasSuffix("getRelationships") {
                let list = items.filter { $0.name == "others" }.map { other -> JSONValue in
                    let follows = followers.contains { $0.text == other.value }
                    return follows
                        ? ["did": .string(other.value), "followedBy": "at://x"] : ["did": .string(other.value)]
                }
                return .success(
                    HTTPResponse(status: 200, body: JSONValue.object(["relationships": .array(list)]).encoded)
                )
            }
            if request.url.path.hasSuffix("getFollowers") {
                let list = followers.map { follower -> JSONValue in ["did": .string(follower.text)] }
                return .json(["followers": .array(list)])
            }
            let uri = "at://\(item("repo"))/\(item("collection"))/\(item("rkey"))"
            let body: JSONValue = [
                "uri": .string(uri),
                "value": ["$type": .string(item("collection")), "name": .string("Project \(item("rkey"))")],
            ]
            return .success(HTTPResponse(status: 200, body: body.encoded))
        }
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
