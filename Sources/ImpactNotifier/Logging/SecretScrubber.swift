/// The last safeguard of "no secret is ever in a log": blanks what looks like a credential.
///
/// Code that logs must not hand over secrets in the first place. This catches a server's error text that quotes a
/// token, and future mistakes. When in doubt it blanks.
enum SecretScrubber {
    /// The text in place of a secret.
    static let mark = "[redacted]"

    /// Metadata keys whose value is never shown.
    private static let secretKeys: Set<String> = [
        "access_token", "app_password", "authorization", "client_assertion", "code_verifier", "cookie", "dpop",
        "password", "private_key", "proof", "refresh_token", "secret", "set-cookie", "token",
    ]

    /// Metadata keys whose value was checked by the protocol's grammar, and is shown.
    ///
    /// An author who names a record like a token must not be able to hide it from the operator.
    private static let syntaxKeys: Set<String> = ["author", "did", "uri"]

    /// Schemes whose credential follows after a space (RFC 9110 §11.4).
    private static let schemes: Set<String> = ["basic", "bearer", "dpop"]

    /// How tokens begin: a JWT's `{"`, and what the reference authorization server issues.
    private static let openings = ["eyJ", "ref-", "tok-", "cod-"]

    /// Whether a value under this key is never shown.
    static func hides(key: String) -> Bool {
        secretKeys.contains(key.lowercased())
    }

    /// Whether a value under this key is shown as it is.
    static func trusts(key: String) -> Bool { syntaxKeys.contains(key) }

    /// The text, with everything that looks like a credential replaced by ``mark``.
    static func scrub(_ text: String) -> String {
        guard text.utf8.count >= 16 else { return text }  // no credential is shorter
        var result = ""
        var previous: Substring = ""
        for word in words(of: text) {
            let isCredential = schemes.contains(previous.lowercased()) && word.utf8.count >= 16
            if isWord(word) {
                result += isCredential || looksSecret(word) ? mark : String(word)
                previous = word
            } else {
                result += word
                if word.contains(where: { $0 != " " && $0 != ":" }) { previous = "" }
            }
        }
        return result
    }

    /// Splits the text into runs of token characters (RFC 6750 §2.1's b64token) and the runs between them.
    private static func words(of text: String) -> [Substring] {
        var words: [Substring] = []
        var start = text.startIndex
        while start < text.endIndex {
            let kind = isTokenCharacter(text[start])
            let end = text[start...].firstIndex { isTokenCharacter($0) != kind } ?? text.endIndex
            words.append(text[start..<end])
            start = end
        }
        return words
    }

    private static func isWord(_ run: Substring) -> Bool {
        run.first.map(isTokenCharacter) ?? false
    }

    private static func isTokenCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-._~+".contains(character))
    }

    private static func looksSecret(_ word: Substring) -> Bool {
        if openings.contains(where: word.hasPrefix) && word.utf8.count >= 20 { return true }
        return isAppPassword(word)
    }

    /// Four groups of four in base 32, as Bluesky issues them: `abcd-efgh-ijkl-mnop`.
    private static func isAppPassword(_ word: Substring) -> Bool {
        let groups = word.split(separator: "-", omittingEmptySubsequences: false)
        return groups.count == 4
            && groups.allSatisfy { group in
                group.utf8.count == 4 && group.allSatisfy { ("a"..."z").contains($0) || ("2"..."7").contains($0) }
            }
    }
}
