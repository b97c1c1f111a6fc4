internal import Network
internal import Synchronization

/// Keeps a page for a moment, so that twenty people who look at it cost no more than one.
final class StatusPages: Sendable {
    private enum Form: Hashable {
        case html
        case text
    }

    /// How long a page is shown again.
    private static let freshness: Duration = .seconds(2)

    private let build: @Sendable () -> StatusPage
    private let kept = Mutex<[Form: (bytes: [UInt8], at: ContinuousClock.Instant)]>([:])

    /// Pages made by a function, which must not wait.
    init(_ build: @escaping @Sendable () -> StatusPage) { self.build = build }

    /// The page for a browser that asks for HTML, or as text for everybody else.
    func reply(to request: ServerRequest, at now: ContinuousClock.Instant = .now) -> ServerReply {
        guard request.headers.values(of: "Accept").contains(where: { $0.lowercased().contains("text/html") }) else {
            let shown = bytes(.text, at: now) { EscapedText.shown(Instance.addressed($0.text)) }
            return ServerReply(shown, headers: ["Vary": "Accept"])
        }
        let headers: HTTPHeaders = [
            "Vary": "Accept", "Content-Security-Policy": StatusPage.securityPolicy, "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        ]
        let shown = bytes(.html, at: now) { Array(Instance.addressed($0.html.markup).utf8) }
        return ServerReply(shown, type: "text/html; charset=utf-8", headers: headers)
    }

    private func bytes(
        _ form: Form,
        at now: ContinuousClock.Instant,
        _ write: (StatusPage) -> [UInt8]
    ) -> [UInt8] {
        kept.withLock { kept in
            if let page = kept[form], now - page.at < Self.freshness { return page.bytes }
            let bytes = write(build())
            kept[form] = (bytes, now)
            return bytes
        }
    }
}
