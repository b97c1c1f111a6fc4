internal import ATProtocol
internal import Network

extension Fault {
    private static let constants: [String: Fault] = [
        "drop-after": .dropAfter, "drop-before": .dropBefore, "reset-after": .resetAfter, "reset-before": .resetBefore,
        "truncated": .truncated, "chat-rate-limit": .chatRateLimit, "pds-rate-limit": .pdsRateLimit(retryAfter: 5),
        "upstream-failure": .upstreamFailure, "upstream-failure-after": .upstreamFailureAfter,
        "empty-object": .emptyObject, "html-404": .html404, "plain-text": .plainText, "silence": .silence,
        "html-page": .htmlPage, "proxy-401": .proxy401, "proxy-401-html": .proxy401HTML, "store-error": .storeError,
        "rotation-error": .rotationError, "quoted-token": .quotedToken,
        "empty-answer": .emptyAnswer, "earlier-answer": .earlierAnswer, "old-page": .oldPage,
        "unknown-forms": .unknownForms, "named-page": .namedPage,
        "padded": .padded, "index-lags": .indexLags, "index-confuses": .indexConfuses,
    ]

    /// The names of all faults that can be ordered.
    static let names =
        constants.keys + [
            "respond", "redirect", "slow-rotation", "other-issuer", "moved-token-endpoint", "wrong-date",
            "index-claims",
        ]

    /// A fault by name, with what further members of the order say of it; nil when there is none.
    init?(name: String, _ order: JSONValue) {
        switch name {
        case "respond":
            guard let status = order["status"]?.integer else { return nil }
            self = .respond(.json(order["body"] ?? [:], status: Int(status)))
        case "redirect": self = .redirect(to: order["location"]?.string ?? "https://elsewhere.example.org/")
        case "index-claims": self = .indexClaims(order["uris"]?.array?.compactMap(\.string) ?? [])
        case "slow-rotation":
            self = .misbehave(.slowRotation(.milliseconds(order["milliseconds"]?.integer ?? 200)))
        case "other-issuer":
            self = .misbehave(.otherIssuer(order["issuer"]?.string ?? "https://issuer.example.org"))
        case "moved-token-endpoint":
            self = .misbehave(.movedTokenEndpoint(status: Int(order["status"]?.integer ?? 404)))
        case "wrong-date":
            self = .misbehave(.wrongDate(offset: Double(order["offset"]?.integer ?? -3 * 86_400)))
        default:
            guard let constant = Self.constants[name] else { return nil }
            self = constant
        }
    }
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
        case "internal-error": self = .internalError
        case "drop-after": self = .dropAfter(Int(body["events"]?.integer ?? 1))
        case "ping": self = .ping
        case "tear": self = .tearNextFrame
        default: return nil
        }
    }
}
