import Glibc
import TestSupport
import Testing

@testable import WebSocket

/// The same bytes give the same events, however the network cuts them.
@Suite struct `Cut points` {
    /// The octets of the longest head of a frame (RFC 6455, section 5.2).
    private static let longestHead = 14

    @Test(arguments: [false, true]) func `random sequences give the same events in random cuts`(compresses: Bool) {
        let seed = randomSeed()
        var sequences = FrameSequence(seed: seed, compresses: compresses)
        let deflate = compresses ? DeflateParameters() : nil
        for number in 0..<150 {
            let bytes = sequences.next()
            let whole = Transcript(bytes, cutAt: [], deflate: deflate)
            for _ in 0..<3 {
                let cut = Transcript(bytes, cutAt: sequences.cuts(of: bytes.count), deflate: deflate)
                #expect(cut == whole, "sequence \(number)")
            }
        }
    }

    @Test func `each cut of a sequence with everything in it gives the same events`() {
        let bytes =
            ServerFrame.make(1, Array("gr".utf8) + [0xC3], isFinal: false) + ServerFrame.make(9, [1, 2, 3])
            + ServerFrame.make(0, [0xBC, 0xC3, 0x9F], isFinal: false) + ServerFrame.make(0)
            + ServerFrame.make(2, [UInt8](repeating: 5, count: 200)) + ServerFrame.make(10)
            + ServerFrame.close(1000, "bye")
        let whole = Transcript(bytes, cutAt: [])
        #expect(whole.entries.count == 5)
        #expect(whole.entries[1] == .text(Array("grüß".utf8)))
        for first in 0...bytes.count {
            #expect(Transcript(bytes, cutAt: [first]) == whole)
            #expect(Transcript(bytes, cutAt: [first, min(first + 1, bytes.count)]) == whole)
        }
    }

    /// `WEBSOCKET_ORACLE` names a Python that has `wsproto`, as Tests/Interop/wsproto.sh does; wsproto_oracle.py reads the same.
    @Test func `wsproto comes to the same events and the same end`() throws {
        guard let python = unsafe getenv("WEBSOCKET_ORACLE").map({ unsafe String(cString: $0) }) else {
            print("skipped: WEBSOCKET_ORACLE names no Python with wsproto")
            return
        }
        let seed = randomSeed()
        var sequences = FrameSequence(seed: seed)
        let cases = (0..<300).map { _ in sequences.next() }
        let script = #filePath.replacing("WebSocketTests/CutPointTests.swift", with: "Interop/wsproto_oracle.py")
        let answers = try Oracle(python: python, script: script).judge(cases)
        #expect(answers.count == cases.count)
        var early: [[UInt8]] = []
        for (bytes, answer) in zip(cases, answers) {
            let ours = Transcript(bytes, cutAt: [])
            #expect(ours.description == answer.events)
            // wsproto has no limit of size: it goes on with a length that we refuse, and may find what follows invalid.
            let isTooLarge = ours.closeCode == 1009 && [0, 1007].contains(answer.closeCode)
            if ours.closeCode == 1002, answer.closeCode == 0 {
                early.append(bytes)
            } else {
                #expect(isTooLarge || (ours.closeCode ?? 0) == answer.closeCode, "\(bytes.prefix(64))")
            }
        }
        // A head is refused by its first bytes; wsproto waits for all of it.
        let heads = early.map { $0 + [UInt8](repeating: 0, count: Self.longestHead) }
        for (head, answer) in zip(heads, try Oracle(python: python, script: script).judge(heads)) {
            #expect(answer.closeCode == 1002, "\(head.prefix(64))")
        }
    }
}
