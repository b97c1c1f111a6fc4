/// Base32 in lower case without padding (RFC 4648 §6), as in CIDs.
package enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                out.append(alphabet[Int(word >> UInt32(bits) & 31)])
            }
            word &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { out.append(alphabet[Int(word << UInt32(5 - bits) & 31)]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Decodes text; nil when a character is invalid or a spare bit is set.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for character in text {
            let value: UInt8
            switch character {
            case 0x61...0x7A: value = character - 0x61
            case 0x32...0x37: value = character - 0x32 + 26
            default: return nil
            }
            word = word << 5 | UInt32(value)
            bits += 5
            guard bits >= 8 else { continue }
            bits -= 8
            out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            word &= (1 << UInt32(bits)) - 1
        }
        return bits < 5 && word == 0 ? out : nil
    }
}
