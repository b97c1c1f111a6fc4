internal import ATProtocol
internal import Network

extension Fault {
    /// The faults that can be ordered by name.
    static let named: [String: Fault] = [
        "drop-after": .dropAfter, "drop-before": .dropBefore, "reset-after": .resetAfter, "reset-before": .resetBefore,
        "truncated": .truncated, "chat-rate-limit": .chatRateLimit, "pds-rate-limit": .pdsRateLimit(retryAfter: 5),
        "upstream-failure": .upstreamFailure, "upstream-failure-after": .upstreamFailureAfter,
        "empty-object": .emptyObject, "html-404": .html404, "plain-text": .plainText, "silence": .silence,
    ]
}

extension StreamFault {
    /// A fault of a stream by name.
    init?(name: String, _ body: JSONValue) {
        let duration = Duration.milliseconds(body["milliseconds"]?.integer ?? 1000)
        switch name {
        case "drop": self = .drop
        case "reset": self = .reset
        case "close":
            self = .close(
                code: UInt16(clamping: body["code"]?.integer ?? 1001),
                reason: body["reason"]?.string ?? "injected"
            )
        case "stall": self = .stall(duration)
        case "garbage": self = .text(body["text"]?.string ?? "{not json")
        case "binary": self = .binary([0xFF, 0xFE])
        case "too-slow": self = .tooSlow
        case "ping": self = .ping
        case "tear": self = .tearNextFrame
        default: return nil
        }
    }
}
