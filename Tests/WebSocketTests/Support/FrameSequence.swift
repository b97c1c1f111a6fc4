import Sandbox

@testable import WebSocket

/// Random sequences of a server's frames, some of them broken.
struct FrameSequence {
    private var random: SeededGenerator
    private let compresses: Bool

    init(seed: UInt64, compresses: Bool = false) {
        random = SeededGenerator(seed: seed)
        self.compresses = compresses
    }

    /// Up to eight messages with control frames between their fragments, and in half of all cases one flipped bit.
    mutating func next() -> [UInt8] {
        var out: [UInt8] = []
        var deflater = compresses ? Deflater(DeflateParameters()) : nil
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            if chance(4) { out += control() }
            var payload = payload()
            let isText = chance(2)
            if isText { payload = payload.map { $0 & 0x7F } + (chance(3) ? Array("grüß€😀".utf8) : []) }
            var reserved: UInt8 = 0
            if chance(2), let compressed = unsafe deflater?.compress(payload.span.bytes) {
                payload = compressed
                reserved = 4
            }
            out += fragments(isText ? 1 : 2, payload, reserved: reserved)
        }
        if chance(3) { out += ServerFrame.close([1000, 1001, 1005, 3000, 999][int(0...4)], chance(2) ? "bye" : "") }
        if chance(2), !out.isEmpty {
            let place = min(int(0...(out.count - 1)), int(0...(out.count - 1)))
            out[place] ^= 1 << UInt8(int(0...7))
        }
        return out
    }

    /// Where to cut: everywhere, nowhere, or at random places.
    mutating func cuts(of count: Int) -> [Int] {
        switch int(0...3) {
        case 0 where count < 2000: Array(stride(from: 1, to: count, by: 1))
        case 1: []
        default: (0..<int(1...20)).map { _ in int(0...count) }.sorted()
        }
    }

    private mutating func fragments(_ opcode: UInt8, _ payload: [UInt8], reserved: UInt8) -> [UInt8] {
        var out: [UInt8] = []
        var rest = payload[...]
        var opcode = opcode
        var reserved = reserved
        for _ in 0..<(chance(2) ? int(1...4) : 0) {
            let count = int(0...rest.count)
            out += ServerFrame.make(opcode, Array(rest.prefix(count)), isFinal: false, reserved: reserved)
            rest = rest.dropFirst(count)
            (opcode, reserved) = (0, 0)
            if chance(3) { out += control() }
        }
        return out + ServerFrame.make(opcode, Array(rest), reserved: reserved)
    }

    private mutating func control() -> [UInt8] {
        ServerFrame.make(chance(2) ? 9 : 10, (0..<int(0...125)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    private mutating func payload() -> [UInt8] {
        let count = [int(0...10), int(100...300), 70_000][chance(20) ? 2 : int(0...1)]
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private mutating func chance(_ of: Int) -> Bool { int(1...of) == 1 }
    private mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
}
