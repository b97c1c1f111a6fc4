/// Reads the beginning of borrowed JSON whose exact spelling is known, without allocation or copy.
///
/// On any other spelling (whitespace, another name, an escape in a string) it returns false or nil, and the full parser
/// decides.
struct HeadReader: ~Escapable {
    private let bytes: RawSpan
    private var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Skips this text; if something else is here, returns false and skips nothing.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.byteCount - position >= count else { return false }
        let expected = unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: count)
        guard count >= 8 else {
            for offset in 0..<count where unsafe byte(at: position + offset) != expected[offset] { return false }
            position += count
            return true
        }
        var offset = 0
        while offset < count {
            // The last word ends where the text ends, so it may compare some bytes twice.
            let start = min(offset, count - 8)
            let word = unsafe UInt64(littleEndian: expected.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            guard self.word(at: position + start) == word else { return false }
            offset += 8
        }
        position += count
        return true
    }

    /// Skips this many bytes, whatever they are: a string that always has the same length, without its closing quote.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skip(count: Int) -> Bool {
        guard bytes.byteCount - position >= count else { return false }
        position += count
        return true
    }

    /// Skips the rest of a string without escapes, and its closing quote; false when there is no such string.
    ///
    /// It first looks for the quote after `count` bytes, the usual length here. The bytes before the quote are not
    /// checked: if they hold more than one string, what follows does not match.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skipString(of count: Int) -> Bool {
        let end = position + count
        if end < bytes.byteCount, byte(at: end) == UInt8(ascii: "\"") {
            position = end + 1
            return true
        }
        return string() != nil
    }

    /// Reads the rest of a string without escapes, after its opening quote, and skips the closing one.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func string() -> Range<Int>? {
        let start = position
        while bytes.byteCount - position >= 8 {
            let word = word(at: position)
            let found = Self.zeroBytes(word ^ 0x2222_2222_2222_2222) | Self.zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C)
            guard found == 0 else {
                position += found.trailingZeroBitCount / 8
                break
            }
            position += 8
        }
        while position < bytes.byteCount {
            let byte = byte(at: position)
            if byte == UInt8(ascii: "\\") { return nil }
            position += 1
            if byte == UInt8(ascii: "\"") { return start..<(position - 1) }
        }
        return nil
    }

    /// Reads a JSON number that has only digits, at most eighteen.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func integer() -> Int64? {
        let start = position
        var value: Int64 = 0
        while bytes.byteCount - position >= 8, let digits = Self.eightDigits(word(at: position)) {
            value = value &* 100_000_000 &+ digits
            position += 8
        }
        while position < bytes.byteCount {
            let digit = byte(at: position) &- 0x30
            guard digit < 10 else { break }
            value = value &* 10 &+ Int64(digit)
            position += 1
        }
        let count = position - start
        guard (1...18).contains(count), count == 1 || byte(at: start) != UInt8(ascii: "0") else { return nil }
        return value
    }

    /// The next eight bytes, the first in the lowest place; nil when there are fewer.
    var nextWord: UInt64? {
        @inline(__always) get { bytes.byteCount - position >= 8 ? word(at: position) : nil }
    }

    /// Whether the last byte ends a JSON object.
    var endsWithBrace: Bool {
        @inline(__always) get { bytes.byteCount > 0 && byte(at: bytes.byteCount - 1) == UInt8(ascii: "}") }
    }

    /// The bytes that have not been read.
    var rest: RawSpan {
        @inline(__always)
        @_lifetime(copy self)
        get { bytes.extracting(position...) }
    }

    /// The text in a range.
    func text(_ range: Range<Int>) -> String {
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether all bytes have been read.
    var isAtEnd: Bool { position == bytes.byteCount }

    /// Whether all bytes are printable ASCII; a string without escapes is then valid JSON.
    var isPlain: Bool {
        let end = bytes.byteCount
        var offset = 0
        while end - offset >= 8 {
            let word = word(at: offset)
            // A byte below 0x20, or above 0x7F, sets its highest bit.
            guard ((word &- 0x2020_2020_2020_2020) | word) & 0x8080_8080_8080_8080 == 0 else { return false }
            offset += 8
        }
        while offset < end {
            guard (0x20..<0x80).contains(byte(at: offset)) else { return false }
            offset += 1
        }
        return true
    }

    /// Whether the bytes in a range begin with the first `count` bytes of a prefix.
    func hasPrefix(_ range: Range<Int>, _ prefix: [UInt8], count: Int) -> Bool {
        guard range.count >= count, prefix.count >= count else { return false }
        for offset in 0..<count where byte(at: range.lowerBound + offset) != prefix[offset] { return false }
        return true
    }

    /// Converts eight digits; nil when one of the characters is not a digit.
    @inline(__always)
    private static func eightDigits(_ word: UInt64) -> Int64? {
        // A digit is 0x30 to 0x39: its upper half is 3, and is still 3 after 6 is added.
        let halves: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        let threes: UInt64 = 0x3030_3030_3030_3030
        guard word & halves == threes, (word &+ 0x0606_0606_0606_0606) & halves == threes else { return nil }
        // Combines neighbouring digits, then pairs, then both halves; the first digit is the lowest byte.
        let pairs = ((word & 0x0F0F_0F0F_0F0F_0F0F) &* (10 << 8 | 1)) >> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* (100 << 16 | 1)) >> 16 & 0x0000_FFFF_0000_FFFF
        return Int64(truncatingIfNeeded: (fours &* (10_000 << 32 | 1)) >> 32)
    }

    /// Sets the highest bit of the lowest zero byte, and perhaps of bytes above it.
    static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    /// One byte; traps when the offset is out of bounds.
    private func byte(at offset: Int) -> UInt8 {
        // Any bit pattern is a UInt8, and the offset is checked.
        unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes, the first in the lowest place; traps when they are out of bounds.
    private func word(at offset: Int) -> UInt64 {
        // Any bit pattern is a UInt64, the load may be unaligned, and the offset is checked.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
