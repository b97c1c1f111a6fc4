internal import Network

/// The parameters that the authorization server sends through the browser (RFC 6749 §4.1.2, RFC 9207).
struct CallbackParameters: Equatable {
    let state: String?
    let issuer: String?
    let code: String?
    let error: String?
    let errorDescription: String?

    /// Parses a pasted callback: the whole URL, or only the part after its `?` or `#`.
    ///
    /// It removes the escape sequences that terminals put around pasted text, as well as whitespace and quotes.
    init(pasted text: String) {
        var body = Substring(text)
        // Bracketed paste: ESC [ 200 ~ … ESC [ 201 ~
        if let start = body.firstRange(of: "\u{1B}[200~") { body = body[start.upperBound...] }
        if let end = body.firstRange(of: "\u{1B}[201~") { body = body[..<end.lowerBound] }
        let clean = body.filter {
            !$0.isWhitespace && !$0.isNewline && $0 != "\"" && $0 != "'" && $0 != "<" && $0 != ">"
        }
        let tails = clean.split(separator: "#", omittingEmptySubsequences: false).flatMap { part in
            part.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        }
        var values: [String: String] = [:]
        for tail in tails where tail.contains("=") {
            for (name, value) in PercentEncoding.parseForm(tail) where values[name] == nil { values[name] = value }
        }
        state = values["state"]
        issuer = values["iss"]
        code = values["code"]
        error = values["error"]
        errorDescription = values["error_description"]
    }
}
