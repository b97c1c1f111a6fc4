/// Checks UTF-8 that arrives in pieces, and fails at the first byte that cannot be valid (RFC 3629 §4).
///
/// Between pieces it keeps only the state of the unfinished character. ASCII is checked in blocks, other text by the
/// standard library.
struct UTF8Validator: Sendable {
    /// How many bytes of the unfinished character are missing, and the range of the next one.
    private var missing = 0
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    /// Whether the text so far ends with a whole character.
    var isComplete: Bool { missing == 0 }

    /// Checks the next piece; false when the text cannot become valid UTF-8 any more.
    mutating func accept(_ bytes: RawSpan) -> Bool {
        var start = 0
        while missing > 0, start < bytes.byteCount {
            guard step(bytes.byte(at: start)) else { return false }
            start += 1
        }
        guard start < bytes.byteCount else { return true }
        let end = Self.lastBoundary(bytes, from: start)
        guard Self.isValid(bytes.extracting(start..<end)) else { return false }
        for index in end..<bytes.byteCount {
            guard step(bytes.byte(at: index)) else { return false }
        }
        return true
    }

    /// Whether the bytes are complete, valid UTF-8.
    @inline(__always)
    static func isValid(_ bytes: RawSpan) -> Bool {
        let end = bytes.byteCount
        var start = 0
        while end - start >= 64, isASCII(bytes, at: start) { start += 64 }
        // What is left of a text in ASCII is checked as the end of a whole block.
        if end - start < 64, end >= 64, isASCII(bytes, at: end - 64) { return true }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: Span<UInt8>(_bytes: bytes.extracting(start...)))
            return true
        } catch {
            return false
        }
    }

    /// Whether a block of 64 bytes is ASCII.
    @inline(__always)
    private static func isASCII(_ bytes: RawSpan, at offset: Int) -> Bool {
        var block = bytes.block(at: offset) | bytes.block(at: offset + 16)
        block |= bytes.block(at: offset + 32) | bytes.block(at: offset + 48)
        let words = unsafe unsafeBitCast(block, to: SIMD2<UInt64>.self)
        return (words.x | words.y) & 0x8080_8080_8080_8080 == 0
    }

    /// Where the last character begins if it may be incomplete; otherwise the end.
    private static func lastBoundary(_ bytes: RawSpan, from start: Int) -> Int {
        let end = bytes.byteCount
        for back in 1...3 where end - back >= start {
            let byte = bytes.byte(at: end - back)
            if byte < 0x80 { return end }
            if byte >= 0xC0 { return end - back }
        }
        return end
    }

    private mutating func step(_ byte: UInt8) -> Bool {
        if missing == 0 { return begin(byte) }
        guard byte >= lower, byte <= upper else { return false }
        (lower, upper) = (0x80, 0xBF)
        missing -= 1
        return true
    }

    /// The first byte of a character determines its length and the range of the second byte (RFC 3629 §4).
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, lower) = (2, 0xA0)
        case 0xED: (missing, upper) = (2, 0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, lower) = (3, 0x90)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, upper) = (3, 0x8F)
        default: return false
        }
        return true
    }
}
