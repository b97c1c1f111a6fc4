/// Walks borrowed JSON without building anything from it: no allocation, no recursion, no copy.
///
/// It reads what a stream's producer writes. Whatever it does not expect - an escape in a name, a literal where a
/// string should stand, an end - is nil, and the caller falls back to the full parser, which decides.
struct JSONScanner: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = Span(_bytes: bytes)
    }

    /// Steps into an object; false when there is none.
    @_lifetime(self: copy self)
    mutating func enterObject() -> Bool { take(UInt8(ascii: "{")) }

    /// Steps out of an object whose members have all been read; false when it does not end here.
    @_lifetime(self: copy self)
    mutating func leaveObject() -> Bool { take(UInt8(ascii: "}")) }

    /// Reads the next member's name and the colon behind it.
    ///
    /// - Parameter isFirst: true for the first member, and false after the call.
    /// - Returns: the name as a range of the bytes; nil at the object's end.
    @_lifetime(self: copy self)
    mutating func nextName(_ isFirst: inout Bool) -> Range<Int>? {
        guard isFirst || take(UInt8(ascii: ",")) else { return nil }
        isFirst = false
        guard let name = string(), take(UInt8(ascii: ":")) else { return nil }
        return name
    }

    /// A string without escapes, as the range between its quotes.
    @_lifetime(self: copy self)
    mutating func string() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return start..<(position - 1)
            }
            guard byte != UInt8(ascii: "\\") else { return nil }
            position += 1
        }
        return nil
    }

    /// A number of digits only, at most eighteen.
    @_lifetime(self: copy self)
    mutating func integer() -> Int64? {
        skipSpace()
        let start = position
        var value: Int64 = 0
        while position < bytes.count, bytes[position] &- 0x30 < 10 {
            guard position - start < 18 else { return nil }
            value = value &* 10 &+ Int64(bytes[position] &- 0x30)
            position += 1
        }
        return position > start ? value : nil
    }

    /// Steps over any value; false when the bytes end within it.
    @_lifetime(self: copy self)
    mutating func skipValue() -> Bool {
        var depth = 0
        repeat {
            skipSpace()
            guard position < bytes.count else { return false }
            switch bytes[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return false }
                position += 1
            case UInt8(ascii: "\""):
                guard skipString() else { return false }
            default:
                skipLiteral()
            }
        } while depth > 0
        return depth == 0
    }

    /// Whether a range of the bytes reads so.
    func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count
        where unsafe bytes[range.lowerBound + offset] != text.utf8Start[offset] { return false }
        return true
    }

    /// Whether a range of the bytes holds these.
    func isEqual(_ range: Range<Int>, _ other: [UInt8]) -> Bool {
        guard range.count == other.count else { return false }
        for offset in 0..<other.count where bytes[range.lowerBound + offset] != other[offset] { return false }
        return true
    }

    /// Whether a range of the bytes begins with these.
    func hasPrefix(_ range: Range<Int>, _ prefix: [UInt8]) -> Bool {
        guard range.count >= prefix.count else { return false }
        for offset in 0..<prefix.count where bytes[range.lowerBound + offset] != prefix[offset] { return false }
        return true
    }

    /// The part of a range behind the last of a character; the whole range when it does not occur.
    func suffix(of range: Range<Int>, behind character: UInt8) -> Range<Int> {
        var start = range.upperBound
        while start > range.lowerBound, bytes[start - 1] != character { start -= 1 }
        return start..<range.upperBound
    }

    @_lifetime(self: copy self)
    private mutating func take(_ character: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == character else { return false }
        position += 1
        return true
    }

    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipString() -> Bool {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return true
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return false
    }

    @_lifetime(self: copy self)
    private mutating func skipLiteral() {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return
            default: position += 1
            }
        }
    }
}
