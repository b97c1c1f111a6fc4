internal import Network

extension WebSocketError.Refusal {
    /// Explains the answer and what to do about it, as the end of a sentence; names the target of a redirect.
    func sentence(to url: WebURL) -> String {
        let rest = headers["Retry-After"].map { "; it wants rest (Retry-After: \(Self.shown($0, 40)))" } ?? ""
        return "the server answered \(status): \(meaning(at: url))\(rest)"
    }

    private func meaning(at url: WebURL) -> String {
        switch status {
        case 200..<300: "that is a web page and no stream; check host and path of the address"
        case 300..<400:
            if let target = target(from: url) {
                "it leads to \(target), which is not followed; if that is the same service, configure it"
            } else {
                "it leads elsewhere and does not say where; check the address"
            }
        // The wording of nginx, Go and Apache.
        case 400 where says("to an HTTPS server") || says("to HTTPS port") || says("SSL-enabled server port"):
            "this port speaks TLS; write wss:// in the address"
        case 400: "it does not understand what was asked for; check host and path of the address"
        case 401: "it wants to know who asks; give it what it wants, or use another host"
        case 403, 451: "it, or a firewall before it, does not let us in; ask its operator, or use another host"
        case 404, 410: "there is no stream at \(url.path); check the address"
        case 405, 501: "it knows no WebSocket at \(url.path); check the address"
        case 407: "a proxy on the way wants a user name and password; write them into https_proxy"
        case 421: "it does not serve the name \(url.host); check the address"
        case 426 where headers["Sec-WebSocket-Version"].map({ !$0.contains("13") }) ?? false:
            "it speaks WebSocket in other versions than 13; use another host"
        case 426: "the request reached it without its Upgrade field; have the proxy or CDN on the way pass it on"
        case 429: "it is asked too often; wait, or use another host"
        case 500...: "it, or a gateway before it, is out of order; use another host if that lasts"
        default: "check the address, or use another host"
        }
    }

    /// The target of a redirect (RFC 9110 §10.2.2), with the scheme of a WebSocket address where possible.
    ///
    /// The query is removed: it may hold our key, and no stream address has one.
    private func target(from url: WebURL) -> String? {
        guard let field = headers["Location"], !field.isEmpty else { return nil }
        let location = Self.shown(String(field.prefix { $0 != "?" && $0 != "#" }), 500)
        if location.isEmpty { return url.origin + url.path }
        let scheme = location.prefix { $0.isLetter || $0.isNumber || "+-.".contains($0) }
        let tail = location.dropFirst(scheme.count)
        if !scheme.isEmpty, tail.hasPrefix(":") {
            let schemes = ["http": "ws", "https": "wss"]
            return (schemes[scheme.lowercased()] ?? String(scheme)) + tail
        }
        if location.hasPrefix("//") { return "\(url.scheme.rawValue):\(location)" }
        if location.hasPrefix("/") { return url.origin + location }
        let folder = url.path.prefix(through: url.path.lastIndex(of: "/") ?? url.path.startIndex)
        return url.origin + String(folder) + location
    }

    private func says(_ words: String) -> Bool { String(decoding: body, as: UTF8.self).contains(words) }

    /// The start of a field's value, without characters that could control a terminal.
    private static func shown(_ value: String, _ length: Int) -> String {
        let bytes = value.utf8.prefix(length).map { $0 > 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: " ") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
