internal import Network

/// One challenge in a `WWW-Authenticate` field: a scheme and its parameters (RFC 9110 §11.6.1).
struct AuthenticateChallenge: Equatable {
    /// The scheme as written.
    let scheme: String
    /// The parameters by lower-case name.
    let parameters: [String: String]

    /// The DPoP challenge in a response; nil when there is none.
    static func dpop(in headers: HTTPHeaders) -> AuthenticateChallenge? {
        headers.values(of: "WWW-Authenticate").flatMap(parse).first { $0.scheme.lowercased() == "dpop" }
    }

    /// Parses all challenges of one field line, as far as they are well-formed; works on octets, like the grammar.
    static func parse(_ text: String) -> [AuthenticateChallenge] {
        var challenges: [AuthenticateChallenge] = []
        var rest = Array(text.utf8)[...]
        var scheme: String?
        var parameters: [String: String] = [:]
        func finish() {
            if let scheme { challenges.append(AuthenticateChallenge(scheme: scheme, parameters: parameters)) }
        }
        while true {
            rest = rest.drop { isSpace($0) || $0 == UInt8(ascii: ",") }
            let octets = rest.prefix { !isSpace($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
            guard !octets.isEmpty else { break }
            rest = rest.dropFirst(octets.count)
            let word = String(decoding: octets, as: UTF8.self)
            let afterSpace = rest.drop(while: isSpace)
            if scheme != nil, afterSpace.starts(with: "=".utf8), !afterSpace.starts(with: "==".utf8) {
                rest = afterSpace.dropFirst().drop(while: isSpace)
                parameters[word.lowercased()] = value(&rest)
            } else if rest.starts(with: "=".utf8) {
                // The padding of a token68 is not a scheme.
                rest = rest.drop { $0 == UInt8(ascii: "=") }
            } else {
                finish()
                scheme = word
                parameters = [:]
            }
        }
        finish()
        return challenges
    }

    private static func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    private static func value(_ rest: inout ArraySlice<UInt8>) -> String {
        guard rest.starts(with: "\"".utf8) else {
            let token = rest.prefix { !isSpace($0) && $0 != UInt8(ascii: ",") }
            rest = rest.dropFirst(token.count)
            return String(decoding: token, as: UTF8.self)
        }
        rest = rest.dropFirst()
        var out: [UInt8] = []
        while let octet = rest.popFirst(), octet != UInt8(ascii: "\"") {
            out.append(octet == UInt8(ascii: "\\") ? rest.popFirst() ?? octet : octet)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
