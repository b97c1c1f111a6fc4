/// Reads borrowed DAG-CBOR item by item, without a copy.
///
/// DAG-CBOR has one encoding for each value, no floats here, and no tag except the link (atproto.com/specs/data-model,
/// ipld.io/specs/codecs/dag-cbor).
public struct CBORReader: ~Escapable {
    /// The head of an item: its type and its argument.
    public enum Head: Sendable, Equatable {
        /// An integer that fits into a signed 64-bit number.
        case integer(Int64)
        /// A byte string of this length in octets; the octets follow.
        case bytes(Int)
        /// A text string of this length in octets; the octets follow, and are not checked yet.
        case text(Int)
        /// An array of this many items; they follow.
        case array(Int)
        /// A map of this many pairs; they follow.
        case map(Int)
        /// A link; its byte string follows.
        case link
        case bool(Bool)
        case null
    }

    private let bytes: Span<UInt8>
    /// The current offset in octets.
    public private(set) var position = 0

    /// A reader at the start of the bytes.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { self.bytes = Span(_bytes: bytes) }

    /// How many octets are left.
    public var remaining: Int { bytes.count - position }

    /// Reads the head of the next item.
    @_lifetime(self: copy self)
    public mutating func head() throws(CBORError) -> Head {
        let start = position
        guard position < bytes.count else { throw failure("it ends where an item should stand") }
        let first = bytes[position]
        position += 1
        if first >= 0xF4 && first <= 0xF6 { return first == 0xF6 ? .null : .bool(first == 0xF5) }
        let argument = try argument(first & 31)
        switch first >> 5 {
        case 0, 1:
            guard let value = Int64(exactly: argument) else {
                throw failure("an integer has more than 63 bits", at: start)
            }
            return .integer(first >> 5 == 0 ? value : -1 - value)
        case 2: return .bytes(try length(argument, each: 1))
        case 3: return .text(try length(argument, each: 1))
        case 4: return .array(try length(argument, each: 1))
        case 5: return .map(try length(argument, each: 2))
        case 6 where argument == 42: return .link
        case 6: throw failure("a tag other than the link's", at: start)
        default: throw failure("a float, or a simple value other than true, false and null", at: start)
        }
    }

    /// Skips this many octets and returns their range.
    @_lifetime(self: copy self)
    public mutating func take(_ count: Int) throws(CBORError) -> Range<Int> {
        guard count <= remaining else { throw failure("it ends within a string") }
        defer { position += count }
        return position..<position + count
    }

    /// Reads the CID of a link whose ``Head/link`` was read.
    @_lifetime(self: copy self)
    public mutating func link() throws(CBORError) -> CID {
        let start = position
        // The byte string begins with a zero, the multibase prefix for binary.
        guard case .bytes(let count) = try head(), count == CID.length + 1 else {
            throw failure("a link is not an identifier that the network makes", at: start)
        }
        let range = try take(count)
        guard bytes[range.lowerBound] == 0, let cid = CID(bytes: bytes.extracting(range.dropFirst())) else {
            throw failure("a link is not an identifier that the network makes", at: start)
        }
        return cid
    }

    /// Reads the key of a map's next pair, as a range of the bytes.
    @_lifetime(self: copy self)
    public mutating func name() throws(CBORError) -> Range<Int> {
        guard case .text(let count) = try head() else { throw failure("a member's name is not a text") }
        return try take(count)
    }

    /// Skips the next item, however deeply nested; does not check its strings or the order of keys.
    @_lifetime(self: copy self)
    public mutating func skip() throws(CBORError) {
        var left = 1
        while left > 0 {
            left -= 1
            switch try head() {
            case .bytes(let count), .text(let count): _ = try take(count)
            case .array(let count): left += count
            case .map(let count): left += 2 * count
            case .link: left += 1
            case .integer, .bool, .null: break
            }
            // Each remaining item has at least one octet.
            guard left <= remaining else { throw failure("it ends within an array or a map") }
        }
    }

    /// Whether the bytes in a range are this text.
    public func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count
        where unsafe bytes[range.lowerBound + offset] != text.utf8Start[offset] { return false }
        return true
    }

    /// Whether the bytes in a range begin with a prefix.
    public func hasPrefix(_ range: Range<Int>, _ prefix: [UInt8]) -> Bool {
        guard range.count >= prefix.count else { return false }
        for offset in 0..<prefix.count where bytes[range.lowerBound + offset] != prefix[offset] { return false }
        return true
    }

    /// Copies the bytes in a range.
    public func array(_ range: Range<Int>) -> [UInt8] {
        unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// The bytes in a range as text.
    ///
    /// - Throws: ``CBORError`` when they are not UTF-8.
    public func text(_ range: Range<Int>) throws(CBORError) -> String {
        guard let text = String(validating: array(range), as: UTF8.self) else {
            throw failure("a text is not UTF-8", at: range.lowerBound)
        }
        return text
    }

    /// Makes an error at an offset, by default the current one.
    public func failure(_ reason: String, at offset: Int? = nil) -> CBORError {
        CBORError(offset: offset ?? position, reason: reason)
    }

    /// Reads the argument of a head; it must be in its shortest form.
    @_lifetime(self: copy self)
    private mutating func argument(_ info: UInt8) throws(CBORError) -> UInt64 {
        guard info >= 24 else { return UInt64(info) }
        guard info < 28 else { throw failure("an item of indefinite length", at: position - 1) }
        let count = 1 << Int(info - 24)
        guard count <= remaining else { throw failure("it ends within an item's head") }
        var value: UInt64 = 0
        for _ in 0..<count {
            value = value << 8 | UInt64(bytes[position])
            position += 1
        }
        let isShortest = count == 1 ? value >= 24 : value >> UInt64(count * 4) != 0
        guard isShortest else { throw failure("a number is not in its shortest form", at: position - count - 1) }
        return value
    }

    private func length(_ argument: UInt64, each: Int) throws(CBORError) -> Int {
        // Nothing is longer than the bytes that are left: a forged length must not make the caller reserve memory.
        guard argument <= UInt64(remaining / each) else { throw failure("it ends within an item") }
        return Int(argument)
    }
}
