/// Reads a recording by line or by message with one buffer, so that the file may be larger than the memory.
final class RecordingFile {
    /// The longest line in bytes; a longer one is cut there, and its rest is read as another line.
    static let maximumLine = 16 << 20

    private let input: RecordingInput
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    init(_ input: RecordingInput) { self.input = input }

    /// Whether it holds binary messages, each after its length in four octets, little-endian.
    func isFramed() throws(FirehoseError) -> Bool {
        while buffer.count < 4, !isAtEnd { try fill() }
        // As a length, the first four letters of a text would mean more than half a gigabyte.
        return frameLength.map { $0 > 0 } ?? false
    }

    /// The next binary message, or the rest of the file if it ends within one; nil at the end of the file.
    func nextFrame() throws(FirehoseError) -> ArraySlice<UInt8>? {
        while true {
            if let length = frameLength, buffer.count - start - 4 >= length {
                defer { start += 4 + length }
                return buffer[start + 4..<start + 4 + length]
            }
            if isAtEnd || (frameLength == nil && buffer.count - start >= 4) {
                guard start < buffer.endIndex else { return nil }
                defer { start = buffer.endIndex }
                isAtEnd = true
                return buffer[start...]
            }
            try fill()
        }
    }

    /// The length of the next message; nil at the end of the file, or when it is not a possible length.
    private var frameLength: Int? {
        guard buffer.count - start >= 4 else { return nil }
        let length = (0..<4).reduce(0) { $0 | Int(buffer[start + $1]) << ($1 * 8) }
        return length <= Self.maximumLine ? length : nil
    }

    /// The next line without its line break; nil at the end of the file.
    func nextLine() throws(FirehoseError) -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                return buffer[start..<end]
            }
            searched = buffer.endIndex
            if isAtEnd || buffer.count - start >= Self.maximumLine {
                guard start < buffer.endIndex else { return nil }
                defer { start = buffer.endIndex }
                return buffer[start...]
            }
            searched -= start
            try fill()
        }
    }

    private func fill() throws(FirehoseError) {
        buffer.removeFirst(start)
        start = 0
        let bytes = try input.next()
        isAtEnd = bytes.isEmpty
        buffer += bytes
    }
}
