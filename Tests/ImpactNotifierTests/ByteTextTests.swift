import Testing

@testable import ImpactNotifier

@Suite struct `Bytes of strangers` {
    @Test func `are text where they are text, each line behind a bar`() {
        #expect(ByteText.lines(Array("{\"a\":1}\nseen:     now".utf8)) == ["  │ {\"a\":1}", "  │ seen:     now"])
        #expect(ByteText.lines([]) == ["  (none is kept)"])
    }

    @Test func `are hexadecimal where they are none, sixteen a line`() {
        let lines = ByteText.lines(
            [0xA1, 0x62] + Array("op\u{1B}[31m".utf8) + [0xFF] + [UInt8](repeating: 0, count: 8)
        )
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("  │ 00") })
        #expect(lines[0].hasSuffix(".bop.[31m......."), "\(lines)")
        #expect(lines[0].contains("0000  a1 62 6f 70 1b 5b 33 31 6d ff 00 00 00 00 00 00 "))
    }

    @Test func `are shown up to a limit, also when it cuts a letter in two`() {
        let text = "a" + String(repeating: "ü", count: ByteText.maximum)
        let lines = ByteText.lines(Array(text.utf8))
        #expect(lines.count == 2 && lines[0] == "  │ " + text.prefix(ByteText.maximum / 2))
        #expect(lines[1] == "  … \(text.utf8.count - ByteText.maximum) bytes more: --raw")
        let bytes = ByteText.lines([UInt8](repeating: 0xFF, count: ByteText.maximum + 1))
        #expect(bytes.count == ByteText.maximum / 16 + 1)
    }

    @Test func `never steer a terminal`() {
        for line in ByteText.lines(Array("a\u{1B}[31m\u{202E}b\u{9B}c\u{7}".utf8)) {
            let shown = String(decoding: EscapedText.shown(line), as: UTF8.self)
            #expect(shown == #"  │ a\u001b[31m\u202eb\u009bc\u0007"#)
        }
    }
}
