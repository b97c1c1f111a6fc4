internal import CLinux

/// A fixed sequence of bytes to be found in messages: `"collection":"app.example.request"`.
///
/// Candidates are the places where the pattern's last three bytes stand: its end tells messages apart, while its beginning
/// stands in every one. 64 places are tried at once, twice as fast as `memmem` of the C library, which then has the last
/// word on a block with a candidate.
public struct BytePattern: Sendable {
    private typealias Block = SIMD16<UInt8>

    private static let stride = 64

    private let bytes: [UInt8]

    /// A pattern of the text's UTF-8.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Where the pattern first stands, in bytes from the start; nil when it does not, zero when it is empty.
    public func firstOffset(in message: RawSpan) -> Int? {
        unsafe message.withUnsafeBytes { message in
            unsafe bytes.withUnsafeBytes { pattern in unsafe Self.find(pattern, in: message) }
        }
    }

    private static func find(_ pattern: UnsafeRawBufferPointer, in message: UnsafeRawBufferPointer) -> Int? {
        guard let needle = pattern.baseAddress, pattern.count > 0 else { return 0 }
        guard let start = message.baseAddress else { return nil }
        // At least one place once the pattern fits; a block of places needs 64.
        let places = message.count - pattern.count + 1
        guard pattern.count >= 3, places >= stride else {
            return unsafe search(start, message.count, needle, pattern.count)
        }
        let tail = pattern.count - 3
        let first = unsafe Block(repeating: pattern[tail])
        let second = unsafe Block(repeating: pattern[tail + 1])
        let third = unsafe Block(repeating: pattern[tail + 2])
        var offset = 0
        while true {
            let block = unsafe start + (offset + tail)
            let one = unsafe candidates(block, first, second, third)
            let two = unsafe candidates(block + 16, first, second, third)
            let three = unsafe candidates(block + 32, first, second, third)
            let four = unsafe candidates(block + 48, first, second, third)
            if isAnySet((one .| two) .| (three .| four)) {
                let count = stride - 1 + pattern.count
                if let place = unsafe search(start + offset, count, needle, pattern.count) { return offset + place }
            }
            offset += stride
            if offset >= places { return nil }
            // The last block overlaps the one before rather than run over the end.
            offset = min(offset, places - stride)
        }
    }

    @inline(__always)
    private static func candidates(
        _ place: UnsafeRawPointer,
        _ first: Block,
        _ second: Block,
        _ third: Block
    ) -> SIMDMask<SIMD16<Int8>> {
        unsafe (place.loadUnaligned(as: Block.self) .== first)
            .& (place.loadUnaligned(fromByteOffset: 1, as: Block.self) .== second)
            .& (place.loadUnaligned(fromByteOffset: 2, as: Block.self) .== third)
    }

    @inline(__always)
    private static func isAnySet(_ mask: SIMDMask<SIMD16<Int8>>) -> Bool {
        // Two words are compared instead of sixteen lanes: `any(mask)` is not made into vector code.
        let words = unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self)
        return words.x | words.y != 0
    }

    private static func search(
        _ start: UnsafeRawPointer,
        _ count: Int,
        _ needle: UnsafeRawPointer,
        _ needleCount: Int
    ) -> Int? {
        guard let place = unsafe memmem(start, count, needle, needleCount) else { return nil }
        return unsafe UnsafeRawPointer(place) - start
    }
}
