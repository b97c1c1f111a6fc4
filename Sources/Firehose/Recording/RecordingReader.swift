internal import ATProtocol

/// Decodes recorded stream messages with the same decoders as the live stream.
///
/// A recording is text or binary. Text has one message per line: Jetstream JSON, whose version is recognised line by
/// line, or a line of the flight recorder. Binary has messages of a relay, each after its length. Both may be
/// compressed with gzip. Messages that nobody wants, by their head, are skipped and not checked further. The signatures
/// of a relay's commits are not checked.
package struct RecordingReader {
    /// The content of one recorded message.
    package enum Item: Sendable, Equatable {
        /// An event; commits are of the wanted collections only.
        case event(StreamEvent)
        /// A message that is not wanted, or of an unknown kind.
        case passed
        /// A line or message that cannot be understood; lines are counted from 1.
        case rejected(line: Int, RejectedEvent)
    }

    private let file: RecordingFile
    private var version1: WireDecoder
    private var version2: WireDecoder
    private var relay: WireDecoder
    private let isFramed: Bool
    private var line = 0
    private var waiting: [Item] = []

    /// Opens a recording.
    ///
    /// - Parameters:
    ///   - path: the file; `-` for standard input.
    ///   - configuration: the wanted collections, and how much of a relay's data is verified.
    /// - Throws: ``FirehoseError`` with code ``FirehoseError/Code/recording``.
    package init(path: String, configuration: StreamConfiguration) throws(FirehoseError) {
        try self.init(RecordingInput(path: path), configuration: configuration)
    }

    init(_ input: RecordingInput, configuration: StreamConfiguration) throws(FirehoseError) {
        func decoder(_ wire: StreamWire) -> WireDecoder {
            WireDecoder(host: "recording", wire: wire, configuration: configuration, witnessed: 0)
        }
        (version1, version2, relay) = (decoder(.jetstream1), decoder(.jetstream2), decoder(.relay))
        file = RecordingFile(input)
        isFramed = try file.isFramed()
    }

    /// Decodes the next item; one commit of a relay may give several events.
    ///
    /// - Returns: nil at the end.
    /// - Throws: ``FirehoseError`` when the file cannot be read; invalid content does not throw.
    package mutating func next() throws(FirehoseError) -> Item? {
        while waiting.isEmpty {
            guard let bytes = isFramed ? try file.nextFrame() : try file.nextLine() else { return nil }
            line += 1
            if isFramed {
                waiting = items(unsafe relay.decode(.binary, bytes.span.bytes))
            } else if bytes.contains(where: { $0 > 0x20 }) {
                waiting = decode(bytes)
            }
        }
        return waiting.removeFirst()
    }

    /// The first member's name distinguishes the kinds of line: all messages of v2 begin with `$type`, none of v1 does.
    private mutating func decode(_ bytes: ArraySlice<UInt8>) -> [Item] {
        let head = bytes.lazy.filter { $0 > 0x20 }.prefix(9)
        if head.elementsEqual(#"{"bytes":"#.utf8) { return decodeRecorded(bytes) }
        return head.elementsEqual(#"{"$type":"#.utf8)
            ? items(unsafe version2.decode(.text, bytes.span.bytes))
            : items(unsafe version1.decode(.text, bytes.span.bytes))
    }

    /// Decodes a line of the flight recorder, whose members are sorted by name.
    private mutating func decodeRecorded(_ bytes: ArraySlice<UInt8>) -> [Item] {
        guard let json = try? JSONValue(parsing: bytes), let message = json["bytes"]?.dataBytes,
            let wire = json["wire"]?.string.map(StreamWire.init)
        else {
            let event = RejectedEvent(
                host: "recording",
                wire: .jetstream1,
                value: nil,
                reason: .malformed,
                detail: "it is not a line of the flight recorder",
                bytes: Array(bytes)
            )
            return [.rejected(line: line, event)]
        }
        let encoding: WireEncoding = json["encoding"]?.string == "text" ? .text : .binary
        return switch wire {
        case .relay: items(unsafe relay.decode(encoding, message.span.bytes))
        case .jetstream2: items(unsafe version2.decode(encoding, message.span.bytes))
        default: items(unsafe version1.decode(encoding, message.span.bytes))
        }
    }

    private func items(_ message: WireMessage) -> [Item] {
        guard case .read(let content) = message else { return [.passed] }
        let items = content.events.map(Item.event) + content.rejected.map { Item.rejected(line: line, $0) }
        return items.isEmpty ? [.passed] : items
    }
}
