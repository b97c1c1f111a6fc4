internal import Network

/// The status line and header section of an HTTP/1.1 answer (RFC 9112 §4 and §5), read strictly.
struct ResponseHead: Sendable {
    /// The status code.
    let status: Int
    /// The header fields.
    let headers: HTTPHeaders

    /// Why bytes are not the head of an answer, as the end of a sentence.
    struct Malformed: Error, Equatable {
        let reason: String
    }

    /// Where the body begins: behind the first empty line; nil when that has not come yet.
    static func end(in bytes: RawSpan, from start: Int) -> Int? {
        var index = max(start, 0)
        while index + 4 <= bytes.byteCount {
            if bytes.bigEndian(UInt32.self, at: index) == 0x0D0A_0D0A { return index + 4 }
            index += 1
        }
        return nil
    }

    /// Reads a head that ends with its empty line.
    init(_ bytes: RawSpan) throws(Malformed) {
        guard let text = String(validating: bytes.copied(), as: UTF8.self) else {
            throw Malformed(reason: "the header is not UTF-8")
        }
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
        guard let line = lines.popFirst(), line.hasPrefix("HTTP/1.") else {
            throw Malformed(reason: "the answer is not HTTP/1.1")
        }
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", parts[1].utf8.count == 3,
            let status = Int(parts[1]), (100...599).contains(status)
        else { throw Malformed(reason: "the status line is malformed") }
        // RFC 9110 §15.2: a 1xx does not exist in HTTP/1.0; a refusal does.
        guard parts[0] == "HTTP/1.1" || status >= 200 else { throw Malformed(reason: "the answer is not HTTP/1.1") }
        var headers = HTTPHeaders()
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(reason: "a header line has no colon") }
            let name = line[..<colon]
            // A name with a blank, or a line that continues another, is how requests are smuggled (RFC 9112 §5.1, §5.2).
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenCharacter) else {
                throw Malformed(reason: "a header name is malformed")
            }
            let value = line[line.index(after: colon)...]
            guard value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                throw Malformed(reason: "a header value holds a control character")
            }
            headers.append(String(name), Self.trimmed(value))
        }
        self.status = status
        self.headers = headers
    }

    /// The elements of a field whose value is a comma-separated list, over all its lines (RFC 9110 §5.6.1).
    func elements(of name: String) -> [String] {
        headers.values(of: name).flatMap { $0.split(separator: ",").map(Self.trimmed) }.filter { !$0.isEmpty }
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E:
            true
        default: false
        }
    }
}
