import Network
import Sandbox

@testable import Firehose

/// What the stream hosts of a campaign do to those who follow them; each kind is tried on every wire.
enum StreamFaultKind: CaseIterable {
    case drop, reset, normalClose, goingAway, policyClose, restartClose
    case stall, garbageText, garbageBytes, brokenFrame, tooSlow, tornFrame
    case internalError, endInTheMiddle, repetitions, crash
    case fragments
    case forgottenPositions, issuedAnew, cursorNotices
    case busy, limited, badGateway, refusedConnection, resetConnection, silentUpgrade
    case oversizeMessage
    case lag, directoryHole, absentRepository

    /// Whether it needs a client that is connected.
    var needsSubscriber: Bool {
        switch self {
        case .drop, .reset, .normalClose, .goingAway, .policyClose, .restartClose, .stall, .garbageText, .garbageBytes,
            .brokenFrame, .tooSlow, .tornFrame, .internalError, .endInTheMiddle:
            true
        default: false
        }
    }

    /// What happens to the connection; nil when it happens elsewhere.
    private var connectionFault: StreamFault? {
        switch self {
        case .drop: .drop
        case .reset: .reset
        case .normalClose: .close(code: 1000, reason: "failed to replay events")
        case .goingAway: .close(code: 1001, reason: "server shutting down")
        case .policyClose: .close(code: 1008, reason: "unexpected data message")
        case .restartClose: .close(code: 1012, reason: "")
        case .stall: .stall(.seconds(2))
        case .garbageText: .text("{not json")
        case .garbageBytes: .binary([0xFF, 0x00, 0x7B])
        case .brokenFrame: .raw([0xC1, 0x00])
        case .tooSlow: .tooSlow
        case .tornFrame: .tearNextFrame
        case .internalError: .internalError
        case .endInTheMiddle: .dropAfter(3)
        default: nil
        }
    }

    /// What the next handshake gets; nil when it gets a stream.
    private var handshakeFault: Fault? {
        switch self {
        case .busy: .respond(HTTPResponse(status: 503))
        case .limited: .respond(HTTPResponse(status: 429, headers: ["Retry-After": "1"]))
        case .badGateway: .html404
        case .refusedConnection: .dropBefore
        case .resetConnection: .resetBefore
        case .silentUpgrade: Fault(.silence(.milliseconds(200)))
        default: nil
        }
    }

    /// Does it to a host, whose server has this name in the journal.
    func strike(_ host: StreamHost, _ name: String, _ network: SandboxNetwork, _ generator: inout SeededGenerator) {
        if let connectionFault { host.inflict(connectionFault) }
        if let handshakeFault {
            network.faults.add(handshakeFault, on: "\(name) GET")
            host.inflict(.drop)
        }
        switch self {
        case .fragments:
            host.use(
                Bool.random(using: &generator) ? .gorilla(bytes: Int.random(in: 1...200, using: &generator)) : .whole
            )
        case .repetitions: host.repeatAtCutOver(Int.random(in: 0...20, using: &generator))
        case .crash: host.crash(losing: Int.random(in: 1...60, using: &generator)) {}
        case .cursorNotices: host.tellAboutCursors(Bool.random(using: &generator))
        case .forgottenPositions:
            host.forget(allBut: Int.random(in: 0...30, using: &generator))
            host.inflict(.drop)
        case .lag: if Bool.random(using: &generator) { host.lag() } else { host.catchUp() }
        // One directory is whole: who is in none is found by nobody.
        case .directoryHole: host.index(name == "stream" || Bool.random(using: &generator))
        case .issuedAnew:
            let distance = Int64.random(in: -400...400, using: &generator)
            host.renumber(from: max(1, host.firstSequence + distance))
        default: break
        }
    }
}
