internal import Glibc

/// Reads the bytes of a recording in chunks, from a file or standard input; inflates gzip.
final class RecordingInput {
    /// How many bytes a compressed file may always give, whatever its size.
    static let allowance = 64 << 20
    /// The limit beyond that, as a multiple of the bytes read; recordings usually compress to a tenth.
    static let maximumRatio = 200

    private static let chunkSize = 1 << 18

    private let descriptor: Int32
    private let name: String
    private var gzip: GzipInflater?
    private var hasBegun = false
    /// Bytes that were read and not returned yet.
    private var waiting: ArraySlice<UInt8> = []
    private let allowance: Int
    private var consumed = 0
    private var produced = 0

    /// Opens a file, or standard input if the path is `-`.
    ///
    /// - Throws: ``FirehoseError`` with code ``FirehoseError/Code/recording``.
    convenience init(path: String) throws(FirehoseError) {
        let isStandard = path == "-"
        let descriptor = isStandard ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        let name = isStandard ? "standard input" : "the recording \(path)"
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw FirehoseError(code: .recording, sentence: "\(name) cannot be opened: \(reason)")
        }
        self.init(owning: descriptor, name: name)
    }

    /// Reads from an open descriptor and closes it in the end.
    ///
    /// - Parameters:
    ///   - descriptor: a file, a pipe or a terminal.
    ///   - name: its name in failures.
    ///   - allowance: see ``allowance``.
    init(owning descriptor: Int32, name: String, allowance: Int = RecordingInput.allowance) {
        self.descriptor = descriptor
        self.name = name
        self.allowance = allowance
    }

    deinit { close(descriptor) }

    /// The next bytes; empty at the end.
    ///
    /// - Throws: ``FirehoseError`` when they cannot be read or inflated.
    func next() throws(FirehoseError) -> [UInt8] {
        if !hasBegun { try begin() }
        guard let gzip else {
            defer { waiting = [] }
            return waiting.isEmpty ? try read() : Array(waiting)
        }
        while true {
            if waiting.isEmpty { waiting = try read()[...] }
            guard !waiting.isEmpty || gzip.isBetweenMembers else { throw unusable("is cut: its gzip does not end") }
            guard !waiting.isEmpty else { return [] }
            guard let bytes = gzip.inflate(&waiting, room: Self.chunkSize) else {
                throw unusable("is damaged: its gzip is wrong before byte \(consumed)")
            }
            produced += bytes.count
            guard produced <= allowance || produced / Self.maximumRatio <= consumed else {
                throw unusable("is no recording: more than \(Self.maximumRatio) times its size comes out of its gzip")
            }
            guard bytes.isEmpty else { return bytes }
        }
    }

    /// Recognises the compression from the first bytes.
    private func begin() throws(FirehoseError) {
        hasBegun = true
        while waiting.count < 4 {
            let more = try read()
            guard !more.isEmpty else { break }
            waiting += more
        }
        if waiting.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            throw unusable("is compressed with zstd: zstd -dc FILE | impact-notifier replay -")
        }
        guard waiting.starts(with: [0x1F, 0x8B, 8]) else { return }
        gzip = GzipInflater()
        guard gzip != nil else {
            throw FirehoseError(code: .recording, sentence: "there is no memory to inflate \(name)")
        }
    }

    private func read() throws(FirehoseError) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
        var count: Int
        repeat { count = unsafe Glibc.read(descriptor, &chunk, chunk.count) } while count < 0 && errno == EINTR
        guard count >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw FirehoseError(code: .recording, sentence: "\(name) cannot be read: \(reason)")
        }
        consumed += count
        return Array(chunk[..<count])
    }

    private func unusable(_ clause: String) -> FirehoseError {
        FirehoseError(code: .recordingContent, sentence: "\(name) \(clause)")
    }
}
