/// Reads JSON strictly (RFC 8259): one value, valid UTF-8, no duplicate members, a bounded depth.
///
/// Written for bytes from strangers: no recursion deeper than the limit, no trap, one pass.
struct JSONParser<Bytes: RandomAccessCollection<UInt8>> where Bytes.Index == Int {
    private let bytes: Bytes
    private var position: Int
    private let maximumDepth: Int

    init(_ bytes: Bytes, maximumDepth: Int) {
        self.bytes = bytes
        self.position = bytes.startIndex
        self.maximumDepth = maximumDepth
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.endIndex else { throw failure("there is text behind the value") }
        return value
    }

    private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private func failure(_ reason: String) -> JSONError {
        JSONError(offset: position - bytes.startIndex, reason: reason)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < maximumDepth else { throw failure("it is nested deeper than \(maximumDepth) levels") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || ASCII.isDigit(byte): return try number()
        case .some: throw failure("no value starts with this character")
        case nil: throw failure("it ends where a value should stand")
        }
    }

    private mutating func literal(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("a word other than true, false or null") }
        position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        position += 1
        skipSpace()
        if current == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("a member name is missing") }
            let name = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("a colon is missing") }
            position += 1
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: name) == nil else { throw failure("a member name occurs twice") }
            skipSpace()
            switch current {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw failure("a comma or a closing brace is missing")
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if current == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw failure("a comma or a closing bracket is missing")
            }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        let leading = current
        guard digits() > 0 else { throw failure("a number has no digits") }
        guard leading != UInt8(ascii: "0") || position - start == (bytes[start] == UInt8(ascii: "-") ? 2 : 1) else {
            throw failure("a number has a leading zero")
        }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digits() > 0 else { throw failure("a fraction has no digits") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw failure("an exponent has no digits") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw failure("a number is out of range") }
        return .number(number)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, ASCII.isDigit(byte) { position += 1 }
        return position - start
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var out: [UInt8] = []
        var run = position
        while let byte = current {
            if byte == UInt8(ascii: "\"") {
                out.append(contentsOf: bytes[run..<position])
                position += 1
                guard let text = String(validating: out, as: UTF8.self) else { throw failure("a string is not UTF-8") }
                return text
            }
            guard byte >= 0x20 else { throw failure("a string holds a control character") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                out.append(contentsOf: bytes[run..<position - 1])
                try escape(into: &out)
                run = position
            }
        }
        throw failure("a string has no end")
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw failure("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(into: &out)
        default: throw failure("a string holds an unknown escape")
        }
    }

    private mutating func unicodeEscape(into out: inout [UInt8]) throws(JSONError) {
        var code = try hexWord()
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\"), bytes.endIndex - position > 1,
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = try hexWord()
            guard (0xDC00..<0xE000).contains(low) else { throw failure("a string holds half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("a string holds half a surrogate pair") }
        out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private mutating func hexWord() throws(JSONError) -> UInt32 {
        var word: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("a unicode escape has no four digits")
            }
            word = word << 4 | UInt32(digit)
            position += 1
        }
        return word
    }
}

/// Why bytes are not JSON.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Octets from the start.
    public let offset: Int
    /// What is wrong, as a clause.
    public let reason: String

    /// A sentence for the operator.
    public var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

extension JSONValue {
    /// Parses exactly one JSON value.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - maximumDepth: levels of arrays and objects.
    /// - Throws: ``JSONError`` with the offset.
    public init(
        parsing bytes: some RandomAccessCollection<UInt8>,
        maximumDepth: Int = 64
    ) throws(JSONError) {
        var parser = JSONParser(Array(bytes), maximumDepth: maximumDepth)
        self = try parser.parse()
    }

    /// Parses exactly one JSON value from borrowed bytes.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - maximumDepth: levels of arrays and objects.
    /// - Throws: ``JSONError`` with the offset.
    public init(parsing bytes: RawSpan, maximumDepth: Int = 64) throws(JSONError) {
        try unsafe self.init(parsing: bytes.withUnsafeBytes { unsafe Array($0) }, maximumDepth: maximumDepth)
    }

    /// Parses exactly one JSON value from text.
    public init(parsing text: String, maximumDepth: Int = 64) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}
