import Testing

@testable import WebSocket

@Suite struct `Frame headers` {
    private func parse(_ bytes: [UInt8], compression: Bool = false) -> FrameHeader.Parsed {
        unsafe FrameHeader.parse(bytes.span.bytes, at: 0, allowsCompression: compression)
    }

    @Test(
        arguments: [
            ([0x81, 0x05], 2, 5), ([0x82, 0x7D], 2, 125), ([0x82, 0x7E, 0x00, 0x7E], 4, 126),
            ([0x82, 0x7E, 0xFF, 0xFF], 4, 65_535), ([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0], 10, 65_536),
            ([0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 10, Int.max),
        ] as [([UInt8], Int, Int)]
    )
    func `all three lengths are read`(bytes: [UInt8], headerCount: Int, payloadCount: Int) {
        guard case .header(let header) = parse(bytes) else {
            Issue.record("no header")
            return
        }
        #expect(header.byteCount == headerCount)
        #expect(header.payloadCount == payloadCount)
        // However it is cut, a beginning of a valid header is incomplete and nothing else.
        for count in 0..<bytes.count { #expect(parse(Array(bytes[..<count])) == .incomplete) }
    }

    @Test(
        arguments: [
            ([0xC1], .reservedBit), ([0xA1], .reservedBit), ([0x91], .reservedBit), ([0x83], .reservedOpcode),
            ([0x8B], .reservedOpcode), ([0x08], .fragmentedControlFrame), ([0x81, 0x80], .maskedFrame),
            ([0x89, 0x7E], .longControlFrame), ([0x82, 0x7E, 0, 125], .lengthNotMinimal),
            ([0x82, 0x7F, 0x80], .lengthTooLarge), ([0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .lengthNotMinimal),
        ] as [([UInt8], ProtocolViolation)]
    )
    func `a breach shows with its first byte`(bytes: [UInt8], violation: ProtocolViolation) {
        #expect(parse(bytes) == .violation(violation))
        #expect(parse(Array(bytes.dropLast())) == .incomplete)
    }

    @Test func `RSV1 may begin a message when compression was agreed, and nothing else`() {
        #expect(parse([0xC1], compression: true) == .incomplete)
        for opcode in [0x40, 0xC0, 0xC8, 0xC9, 0xCA] as [UInt8] {
            #expect(parse([opcode], compression: true) == .violation(.unexpectedCompression))
        }
    }

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536])
    func `what the writer writes is masked and has the shortest length`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var out: [UInt8] = []
        unsafe FrameWriter.write(
            .binary,
            payload.span.bytes,
            isCompressed: false,
            maskedWith: 0x0102_0304,
            to: &out
        )
        #expect(out[0] == 0x82)
        #expect(out[1] & 0x80 != 0)
        let headerCount = count < 126 ? 2 : count < 65_536 ? 4 : 10
        #expect(out.count == headerCount + 4 + count)
        let key = Array(out[headerCount..<(headerCount + 4)])
        #expect(key == [1, 2, 3, 4])
        #expect(out[(headerCount + 4)...].enumerated().map { $1 ^ key[$0 % 4] } == payload)
    }

    @Test func `every violation has a code that may be sent and a sentence that fits`() {
        for violation in ProtocolViolation.allCases {
            #expect(violation.closeCode.isValidOnWire)
            #expect(ClosePayload(code: violation.closeCode, reason: violation.reason).bytes.count <= 125)
        }
    }

    @Test func `a long reason is cut at a character`() {
        let payload = ClosePayload(code: .normal, reason: String(repeating: "ü", count: 100)).bytes
        #expect(payload.count == 2 + 122)
        #expect(String(validating: payload.dropFirst(2), as: UTF8.self) != nil)
    }
}
