import Sandbox
import TestSupport
import Testing

@testable import WebSocket

@Suite struct `Incremental UTF-8` {
    /// Whether the pieces are accepted, and where the text was refused.
    private func accepts(_ bytes: [UInt8], cutAt cuts: [Int], isComplete: Bool = true) -> Bool {
        var validator = UTF8Validator()
        var start = 0
        for end in cuts + [bytes.count] {
            guard unsafe validator.accept(bytes[start..<end].span.bytes) else { return false }
            start = end
        }
        return validator.isComplete == isComplete
    }

    @Test func `every one- to three-byte sequence, in every cut, is judged as the standard library judges it`() {
        for first in 0...255 as ClosedRange<UInt8> {
            for second in [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] as [UInt8] {
                for third in [0x41, 0x80, 0xBF, 0xC2] as [UInt8] {
                    for bytes in [[first], [first, second], [first, second, third], [first, second, third, 0x80]] {
                        let expected = String(validating: bytes, as: UTF8.self) != nil
                        #expect(accepts(bytes, cutAt: []) == expected, "\(bytes)")
                        #expect(accepts(bytes, cutAt: Array(1..<bytes.count)) == expected, "\(bytes)")
                    }
                }
            }
        }
    }

    @Test func `random text with random damage in random cuts is judged as the standard library judges it`() {
        let seed = randomSeed()
        var random = SeededGenerator(seed: seed)
        let scalars: [Unicode.Scalar] = [
            "a", "z", "\"", "ü", "ß", "€", "日", "本", "😀", "\u{10FFFF}", "\u{7FF}", "\u{800}",
        ]
        for _ in 0..<2000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...150, using: &random) {
                text.append(scalars[Int.random(in: 0..<scalars.count, using: &random)])
            }
            var bytes = Array(String(text).utf8)
            if Bool.random(using: &random), !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let cuts = (0..<Int.random(in: 0...5, using: &random))
                .map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(accepts(bytes, cutAt: cuts) == expected, "\(bytes) cut at \(cuts)")
            let isValid = unsafe UTF8Validator.isValid(bytes.span.bytes)
            #expect(isValid == expected, "\(bytes)")
        }
    }

    @Test func `a byte that is not ASCII is found wherever it stands in an ASCII text of any length`() {
        for count in 1...200 {
            for place in 0..<count {
                for byte in [0x80, 0xC3, 0xFF] as [UInt8] {
                    var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
                    #expect(unsafe UTF8Validator.isValid(bytes.span.bytes))
                    bytes[place] = byte
                    let isValid = unsafe UTF8Validator.isValid(bytes.span.bytes)
                    #expect(!isValid, "\(byte) at \(place) of \(count)")
                }
            }
        }
    }

    @Test(
        arguments: [[0xC0], [0xC1], [0xF5], [0xFF], [0xE0, 0x80], [0xED, 0xA0], [0xF0, 0x80], [0xF4, 0x90], [0x80]]
            as [[UInt8]]
    )
    func `the first byte that cannot be right is refused, however much is to follow`(bytes: [UInt8]) {
        #expect(accepts(bytes.dropLast() + [], cutAt: [], isComplete: bytes.count < 2))
        #expect(!accepts(bytes, cutAt: [], isComplete: false))
    }
}
