// The driver of a conformance suite: echoes every message of every case (crossbar.io Autobahn, "fuzzingserver" mode).
//
// AB_URL is the server, AB_AGENT the name in the report. 12.* and 13.* need permessage-deflate, so it is always offered;
// messages are echoed compressed when the server has agreed. AB_NO_CONTEXT=1 offers client_no_context_takeover: a server
// may ask for it without (RFC 7692 §7.1.1.2), but kosoku does so only when it was offered.

import Glibc
import Logging
import Network
import WebSocket

/// Sends back what comes, and keeps the last text.
final class Echo: WebSocketHandler {
    private let connection: WebSocketConnection
    private let isEchoing: Bool
    private let lastText: LastText

    init(_ connection: WebSocketConnection, isEchoing: Bool, lastText: LastText) {
        self.connection = connection
        self.isEchoing = isEchoing
        self.lastText = lastText
    }

    func opened(_ response: UpgradeResponse) {}

    func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction {
        let copy = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        guard isEchoing else {
            lastText.value = String(decoding: copy, as: UTF8.self)
            return .continue
        }
        do {
            switch kind {
            case .text: try connection.send(text: String(decoding: copy, as: UTF8.self))
            case .binary: try connection.send(binary: copy)
            }
            return .continue
        } catch {
            return .close(.internalError, reason: "the echo was not sent")
        }
    }

    func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction { .continue }
}

/// Read after the run has ended.
final class LastText: @unchecked Sendable {
    var value = ""
}

/// Runs one connection to its end; how it ends is the suite's to judge.
func follow(_ url: String, isEchoing: Bool, forgetsContext: Bool) async throws -> String {
    var configuration = WebSocketConfiguration(url: try WebURL(url), allowsLoopback: true)
    configuration.deflate = DeflateOffer(clientNoContextTakeover: forgetsContext, compressesSent: true)
    configuration.coalesce = .zero
    configuration.limits.message = 64 << 20
    configuration.limits.outgoing = 128 << 20
    let connection = try WebSocketConnection(configuration, logger: Logger(label: "echo"))
    let lastText = LastText()
    do {
        _ = try await connection.run(Echo(connection, isEchoing: isEchoing, lastText: lastText))
    } catch {
        if error.code == .connect || error.code == .upgradeRefused { throw error }
    }
    return lastText.value
}

let environment = { (name: String) in unsafe getenv(name).map { unsafe String(cString: $0) } ?? "" }
let server = environment("AB_URL")
let agent = environment("AB_AGENT")
let forgetsContext = environment("AB_NO_CONTEXT") == "1"
func follow(_ path: String, isEchoing: Bool) async throws -> String {
    try await follow("\(server)/\(path)", isEchoing: isEchoing, forgetsContext: forgetsContext)
}
do {
    guard let count = Int(try await follow("getCaseCount", isEchoing: false)) else { exit(1) }
    for number in stride(from: 1, through: count, by: 1) {
        _ = try await follow("runCase?case=\(number)&agent=\(agent)", isEchoing: true)
    }
    _ = try await follow("updateReports?agent=\(agent)", isEchoing: false)
} catch {
    print("\(error)")
    exit(1)
}
