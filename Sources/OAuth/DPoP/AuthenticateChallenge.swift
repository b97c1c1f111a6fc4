internal import Network

/// One challenge of a `WWW-Authenticate` header: a scheme and its parameters (RFC 9110 §11.6.1).
struct AuthenticateChallenge: Equatable {
    /// The scheme as written.
    let scheme: String
    /// Parameters by lower-case name.
    let parameters: [String: String]

    /// The DPoP challenge of an answer; nil when there is none.
    static func dpop(in headers: HTTPHeaders) -> AuthenticateChallenge? {
        headers.values(of: "WWW-Authenticate").flatMap(parse).first { $0.scheme.lowercased() == "dpop" }
    }

    /// Every challenge of one header line, as far as it is well formed.
    static func parse(_ text: String) -> [AuthenticateChallenge] {
        var challenges: [AuthenticateChallenge] = []
        var rest = Substring(text)
        var scheme: String?
        var parameters: [String: String] = [:]
        func finish() {
            if let scheme { challenges.append(AuthenticateChallenge(scheme: scheme, parameters: parameters)) }
        }
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            let word = rest.prefix { $0 != " " && $0 != "," && $0 != "=" && $0 != "\t" }
            guard !word.isEmpty else { break }
            rest = rest.dropFirst(word.count)
            let afterSpace = rest.drop { $0 == " " || $0 == "\t" }
            if scheme != nil, afterSpace.hasPrefix("="), !afterSpace.hasPrefix("==") {
                rest = afterSpace.dropFirst().drop { $0 == " " || $0 == "\t" }
                parameters[word.lowercased()] = value(&rest)
            } else if rest.hasPrefix("=") {
                // The padding of a token68, which is no scheme.
                rest = rest.drop { $0 == "=" }
            } else {
                finish()
                scheme = String(word)
                parameters = [:]
            }
        }
        finish()
        return challenges
    }

    private static func value(_ rest: inout Substring) -> String {
        guard rest.hasPrefix("\"") else {
            let token = rest.prefix { $0 != "," && $0 != " " && $0 != "\t" }
            rest = rest.dropFirst(token.count)
            return String(token)
        }
        rest = rest.dropFirst()
        var out = ""
        while let character = rest.popFirst(), character != "\"" {
            out.append(character == "\\" ? rest.popFirst() ?? "\\" : character)
        }
        return out
    }
}
