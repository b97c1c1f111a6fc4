/// Shows bytes from strangers as lines: as text if they are text, otherwise in hexadecimal.
///
/// Every line begins with a bar, so that it cannot be mistaken for one of ours.
enum ByteText {
    /// The most bytes that are shown.
    static let maximum = 4096

    /// The lines of the first ``maximum`` bytes.
    static func lines(_ bytes: [UInt8]) -> [String] {
        guard !bytes.isEmpty else { return ["  (none is kept)"] }
        let shown = bytes.prefix(maximum)
        let body = text(shown, isCut: shown.count < bytes.count) ?? hexadecimal(shown)
        let rest = bytes.count - shown.count
        return body.map { "  │ \($0)" } + (rest > 0 ? ["  … \(rest) bytes more: --raw"] : [])
    }

    /// Lines of text; nil when the bytes are not text.
    private static func text(_ bytes: ArraySlice<UInt8>, isCut: Bool) -> [String]? {
        guard !bytes.contains(0) else { return nil }
        // The cut may have split a character.
        for end in (bytes.endIndex - (isCut ? min(3, bytes.count) : 0)...bytes.endIndex).reversed() {
            guard let text = String(validating: bytes[..<end], as: UTF8.self) else { continue }
            return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        }
        return nil
    }

    /// Sixteen bytes a line: the offset, the bytes, and those that are letters.
    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> [String] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 16).map { start in
            let row = bytes[start..<min(start + 16, bytes.endIndex)]
            let octets = row.map { padded($0, to: 2) }.joined(separator: " ")
            let letters = row.map { (0x20..<0x7F).contains($0) ? String(Character(UnicodeScalar($0))) : "." }.joined()
            let gap = String(repeating: " ", count: 3 * 16 + 1 - octets.count)
            return "\(padded(start - bytes.startIndex, to: 4))  \(octets)\(gap)\(letters)"
        }
    }

    private static func padded(_ number: some BinaryInteger, to width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
