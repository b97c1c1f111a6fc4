import ATProtocol
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `doctor` {
    /// What `doctor` is to say when the network is in a certain state.
    struct Diagnosis: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var overrides: [String: String] = [:]
        var fault: HTTPResponse?
        /// The step that fails.
        let step: String
        /// A part of the explanation.
        let words: String
    }

    static let diagnoses = [
        Diagnosis(
            testDescription: "a DPoP token sent as Bearer",
            fault: refusal(400, "InvalidToken", "Token could not be verified"),
            step: "proxy",
            words: "Bearer"
        ),
        Diagnosis(
            testDescription: "a call without atproto-proxy, which the AppView got",
            fault: refusal(404, "XRPCNotSupported", "XRPC Not Supported"),
            step: "proxy",
            words: "atproto-proxy"
        ),
        Diagnosis(
            testDescription: "a session without the chat scope",
            fault: refusal(403, "ScopeMissingError", "Missing required scope \"rpc:chat.bsky.convo.sendMessage\""),
            step: "",
            words: "scope"
        ),
        Diagnosis(
            testDescription: "a service that is not in the DID document",
            overrides: ["chat.proxy": "did:web:api.bsky.chat#other"],
            step: "proxy",
            words: "chat.proxy"
        ),
        Diagnosis(
            testDescription: "a PDS that answers with a web page",
            fault: HTTPResponse(status: 404, headers: ["Content-Type": "text/html"], body: Array("<html>".utf8)),
            step: "",
            words: "404"
        ),
    ]

    private static func refusal(_ status: Int, _ name: String, _ message: String) -> HTTPResponse {
        let body: JSONValue = ["error": .string(name), "message": .string(message)]
        return HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: body.encoded)
    }

    @Test(arguments: diagnoses) func `names what is wrong`(diagnosis: Diagnosis) async throws {
        let stage = try await Stage(overrides: diagnosis.overrides)
        if let fault = diagnosis.fault { stage.network.faults.add(.respond(fault), on: "/xrpc/chat.bsky", count: 100) }
        let process = try stage.daemon.start("doctor")
        #expect(await process.ended(within: .seconds(60)) == .exited(1), tail(process))
        let failures = process.output.filter { $0.hasPrefix("FAIL") }
        #expect(failures.contains { $0.contains(diagnosis.step) }, tail(process))
        #expect(process.output.joined(separator: "\n").contains(diagnosis.words), tail(process))
    }

    @Test func `finds nothing wrong where nothing is, and sends a test message`() async throws {
        let stage = try await Stage(tracer: .milliseconds(200))
        let process = try stage.daemon.start("doctor", ["--send-to", stage.owners[0].handle.text])
        #expect(await process.ended(within: .seconds(60)) == .exited(0), tail(process))
        #expect(stage.network.chat.messages.map(\.recipient) == [stage.owners[0].did], tail(process))
    }

    @Test func `says why a message to oneself, or to somebody who does not follow, cannot be`() async throws {
        let stage = try await Stage(tracer: .milliseconds(200))
        let oneself = try stage.daemon.start("doctor", ["--send-to", stage.bot.did.text])
        #expect(await oneself.ended(within: .seconds(60)) == .exited(1), tail(oneself))
        #expect(oneself.output.contains { $0.contains("oneself") || $0.contains("itself") }, tail(oneself))
        try stage.network.setAllowIncoming(.following, of: stage.owners[0])
        let stranger = try stage.daemon.start("doctor", ["--send-to", stage.owners[0].did.text])
        #expect(await stranger.ended(within: .seconds(60)) == .exited(1), tail(stranger))
        #expect(stranger.output.contains { $0.contains("follow") }, tail(stranger))
        #expect(stage.network.chat.messages.isEmpty)
    }

    @Test func `without a session says how to get one`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let process = try stage.daemon.start("doctor")
        #expect(await process.ended(within: .seconds(60)) == .exited(1), tail(process))
        #expect(process.output.contains { $0.contains("impact-notifier login") }, tail(process))
    }
}
