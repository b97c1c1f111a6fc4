internal import Network

/// The status line and fields of an HTTP/1.1 response (RFC 9112 §4 and §5), parsed as leniently as is allowed.
struct ResponseHead: Sendable {
    let status: Int
    let headers: HTTPHeaders

    /// Why bytes are not the head of a response, as the end of a sentence.
    struct InvalidError: Error, Equatable {
        let reason: String
    }

    /// The offset of the body, after the first empty line; nil when that has not arrived yet.
    static func end(in bytes: RawSpan, from start: Int) -> Int? {
        var index = max(start, 0)
        while index + 2 <= bytes.byteCount {
            // RFC 9112 §2.2: a line may end with LF alone.
            if bytes.byte(at: index) == 0x0A {
                let next = bytes.byte(at: index + 1)
                if next == 0x0A { return index + 2 }
                if next == 0x0D, index + 2 < bytes.byteCount, bytes.byte(at: index + 2) == 0x0A { return index + 3 }
            }
            index += 1
        }
        return nil
    }

    /// Parses a head, including its empty line.
    init(_ bytes: RawSpan) throws(InvalidError) {
        var lines = bytes.copied().split(separator: 0x0A).map { $0.last == 0x0D ? $0.dropLast() : $0 }[...]
        guard let line = lines.popFirst(), let start = StatusLine(line) else {
            throw InvalidError(reason: "the status line is malformed")
        }
        // RFC 9110 §15.2: HTTP/1.0 has no 1xx status, but it can refuse.
        guard !start.isOld || start.status >= 200 else {
            throw InvalidError(reason: "the answer is of HTTP/1.0, which has no upgrade")
        }
        var fields: [[UInt8]] = []
        for line in lines where !line.isEmpty {
            // RFC 9112 §5.2: a line that begins with whitespace continues the one before.
            if let last = fields.indices.last, Self.isBlank(line[line.startIndex]) {
                fields[last] += line
            } else {
                fields.append(Array(line))
            }
        }
        var headers = HTTPHeaders()
        for field in fields {
            guard let colon = field.firstIndex(of: 0x3A) else {
                throw InvalidError(reason: "a header line has no colon")
            }
            let name = field[..<colon]
            // RFC 9112 §5.1: whitespace in a field name is used for request smuggling.
            guard !name.isEmpty, name.allSatisfy(Self.isTokenCharacter) else {
                throw InvalidError(reason: "a header name is malformed")
            }
            let value = field[(colon + 1)...]
            guard value.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                throw InvalidError(reason: "a header value holds a control character")
            }
            headers.append(String(decoding: name, as: UTF8.self), Self.trimmed(value))
        }
        status = start.status
        self.headers = headers
    }

    /// The members of a comma-separated field, over all its lines (RFC 9110 §5.6.1).
    func elements(of name: String) -> [String] {
        headers.values(of: name).flatMap { $0.utf8.split(separator: 0x2C).map(Self.trimmed) }.filter { !$0.isEmpty }
    }

    /// Replaces bytes that are not UTF-8; old servers may send some (RFC 9110 §5.5).
    private static func trimmed(_ text: some BidirectionalCollection<UInt8>) -> String {
        var rest = text[...]
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// A `tchar` of RFC 9110 §5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E:
            true
        default: false
        }
    }
}
