internal import ATProtocol
internal import Glibc
internal import Network

/// Keeps the latest messages of a connection in a ring buffer, for inspection after a failure.
///
/// A dump has one message per line, `{"bytes":{"$bytes":…},"encoding":…,"host":…,"recorded_us":…,"wire":…}`, which
/// ``RecordingReader`` can read.
struct FlightRecorder: Sendable {
    private struct Entry {
        var start: Int
        var count: Int
        var time: UnixTime
        var isText: Bool
    }

    private let host: String
    private let wire: StreamWire
    private var ring: [UInt8]
    private var entries: [Entry] = []
    private var first = 0
    private var end = 0

    /// - Parameters:
    ///   - host: the host name for the dump.
    ///   - wire: the wire for the dump.
    ///   - capacity: how many bytes of messages to keep.
    init(host: String, wire: StreamWire, capacity: Int) {
        self.host = host
        self.wire = wire
        ring = [UInt8](repeating: 0, count: max(1, capacity))
    }

    /// Keeps a message and drops the oldest ones to make room; skips a message that is larger than the buffer.
    mutating func record(_ encoding: WireEncoding, _ bytes: RawSpan, at time: UnixTime) {
        let count = bytes.byteCount
        guard count <= ring.count else { return }
        if end + count > ring.count {
            // Entries from here to the end belong to the previous lap, and are older than those that will be
            // overwritten next.
            while first < entries.count, entries[first].start >= end { first += 1 }
            end = 0
        }
        let place = end..<end + count
        while first < entries.count, Self.overlaps(entries[first], place) { first += 1 }
        if first > 1024, first > entries.count / 2 {
            entries.removeFirst(first)
            first = 0
        }
        for offset in 0..<count {
            ring[end + offset] = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        }
        entries.append(Entry(start: end, count: count, time: time, isText: encoding == .text))
        end += count
    }

    /// The kept messages as lines, oldest first.
    var lines: [UInt8] {
        entries[first...].flatMap { entry in
            let bytes = Array(ring[entry.start..<entry.start + entry.count])
            let line: JSONValue = [
                "recorded_us": .integer(entry.time.microseconds), "host": .string(host), "wire": .string(wire.rawValue),
                "encoding": entry.isText ? "text" : "binary", "bytes": JSONValue(bytes: bytes),
            ]
            return line.encoded + [0x0A]
        }
    }

    /// Makes the directory for recordings, if it is missing and its parent exists.
    static func make(_ directory: String) { _ = unsafe mkdir(directory, 0o750) }

    /// Replaces a file with the lines; false when it cannot be written.
    static func write(_ lines: [UInt8], to path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return (try? Descriptor.write(lines, to: descriptor)) != nil
    }

    private static func overlaps(_ entry: Entry, _ place: Range<Int>) -> Bool {
        entry.start < place.upperBound && place.lowerBound < entry.start + entry.count
    }
}
