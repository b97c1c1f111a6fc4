import TestSupport

/// The recorded messages of a relay.
enum RelayRecording {
    /// Every message of the corpus; empty where there is none.
    static func messages() throws -> [[UInt8]] {
        guard let bytes = try Corpus.decompressed("frames.bin.zst") else { return [] }
        var messages: [[UInt8]] = []
        var position = 0
        while position + 4 <= bytes.count {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << ($1 * 8) }
            messages.append(Array(bytes[position + 4..<position + 4 + length]))
            position += 4 + length
        }
        return messages
    }
}
