/// Parses JSON strictly (RFC 8259): one value, valid UTF-8, no duplicate members, limited depth.
///
/// It is safe for untrusted bytes: recursion is limited, it never traps, and it reads the bytes once.
struct JSONParser: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0
    private let maximumDepth: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    @_lifetime(self: copy self)
    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("there is text behind the value") }
        return value
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ reason: String) -> JSONError {
        JSONError(offset: position, reason: reason)
    }

    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    @_lifetime(self: copy self)
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

    @_lifetime(self: copy self)
    private mutating func literal(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        var end = position
        for byte in word.utf8 {
            guard end < bytes.count, bytes[end] == byte else { throw failure("a word other than true, false or null") }
            end += 1
        }
        position = end
        return value
    }

    @_lifetime(self: copy self)
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

    @_lifetime(self: copy self)
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

    @_lifetime(self: copy self)
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
        if isInteger, let integer = integer(start..<position) { return .integer(integer) }
        guard let number = Double(try text(start..<position)), number.isFinite else {
            throw failure("a number is out of range")
        }
        return .number(number)
    }

    /// Converts sign and digits; nil when the number does not fit into 64 bits.
    private func integer(_ range: Range<Int>) -> Int64? {
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (range.lowerBound + (isNegative ? 1 : 0))..<range.upperBound {
            let digit = Int64(bytes[index] - 0x30)
            let product = value.multipliedReportingOverflow(by: 10)
            let sum = product.partialValue.addingReportingOverflow(isNegative ? -digit : digit)
            guard !product.overflow, !sum.overflow else { return nil }
            value = sum.partialValue
        }
        return value
    }

    @_lifetime(self: copy self)
    private mutating func digits() -> Int {
        let start = position
        while let byte = current, ASCII.isDigit(byte) { position += 1 }
        return position - start
    }

    @_lifetime(self: copy self)
    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(start..<(position - 1))
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20:
                position -= 1
                throw failure("a string holds a control character")
            default: break
            }
        }
        throw failure("a string has no end")
    }

    /// Reads the rest of a string from its first escape.
    @_lifetime(self: copy self)
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var out: [UInt8] = []
        var run = start
        position -= 1
        while let byte = current {
            guard byte >= 0x20 else { throw failure("a string holds a control character") }
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            for index in run..<position { out.append(bytes[index]) }
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: out, as: UTF8.self) else { throw failure("a string is not UTF-8") }
                return text
            }
            try escape(into: &out)
            run = position
        }
        throw failure("a string has no end")
    }

    private func text(_ range: Range<Int>) throws(JSONError) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw failure("a string is not UTF-8")
        }
    }

    @_lifetime(self: copy self)
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

    @_lifetime(self: copy self)
    private mutating func unicodeEscape(into out: inout [UInt8]) throws(JSONError) {
        var code = try hexWord()
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\"), bytes.count - position > 1,
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

    @_lifetime(self: copy self)
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
    /// The offset of the error in octets.
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
    ///   - maximumDepth: the deepest nesting of arrays and objects.
    /// - Throws: ``JSONError`` with the offset.
    public init(
        parsing bytes: some RandomAccessCollection<UInt8>,
        maximumDepth: Int = 64
    ) throws(JSONError) {
        let bytes = Array(bytes)
        try unsafe self.init(parsing: bytes.span.bytes, maximumDepth: maximumDepth)
    }

    /// Parses exactly one JSON value from borrowed bytes.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - maximumDepth: the deepest nesting of arrays and objects.
    /// - Throws: ``JSONError`` with the offset.
    public init(parsing bytes: RawSpan, maximumDepth: Int = 64) throws(JSONError) {
        var parser = JSONParser(Span(_bytes: bytes), maximumDepth: maximumDepth)
        self = try parser.parse()
    }

    /// Parses exactly one JSON value from text.
    public init(parsing text: String, maximumDepth: Int = 64) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}
