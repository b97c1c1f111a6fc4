/// The status line of an HTTP/1 response (RFC 9112 §4); the reason phrase and the space before it may be missing.
package struct StatusLine: Sendable, Equatable {
    /// The status code, 100 to 999; above 599 it counts as a server error (RFC 9110 §15).
    package let status: Int
    /// Whether the response is HTTP/1.0.
    package let isOld: Bool

    /// Parses a line without its line break; nil when it is malformed.
    package init?(_ line: some Collection<UInt8>) {
        let words = line.split(maxSplits: 2) { $0 == 0x20 || $0 == 0x09 }.map { Array($0) }
        guard words.count >= 2, words[0].count == 8, words[0].starts(with: "HTTP/1.".utf8),
            let minor = words[0].last, Self.isDigit(minor),
            words[1].count == 3, words[1].allSatisfy(Self.isDigit),
            let status = Int(String(decoding: words[1], as: UTF8.self)), status >= 100
        else { return nil }
        self.status = status
        isOld = minor == 0x30
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
