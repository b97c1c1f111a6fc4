internal import Logging
internal import Network

/// Turns one event into one line: `level`, `ts`, `msg` and `component` first, then the metadata by key.
///
/// A line has at most ``lineLimit`` octets, newline included, so that one `write` of it to a pipe is atomic (POSIX
/// `PIPE_BUF`). Metadata that does not fit is left out, and `truncated=true` says so.
struct LogEncoder {
    /// The length of the longest line in octets, newline included.
    static let lineLimit = 4096
    /// The length of the longest value in octets.
    static let valueLimit = 1024

    let format: LogFormat
    /// Whether journald reads the log: then a priority comes before the line, and no time, because the journal has its
    /// own.
    let isJournal: Bool

    /// The line of an event, newline included.
    func encode(_ event: LogEvent, component: String, metadata: Logger.Metadata, time: UnixTime) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        if isJournal { line.append(contentsOf: "<\(event.level.syslogPriority)>".utf8) }
        if format == .json { line.append(UInt8(ascii: "{")) }
        append(key: "level", .string(event.level.rawValue), to: &line, isFirst: true)
        if !isJournal { append(key: "ts", .string(Timestamp.rfc3339(time)), to: &line) }
        append(key: "msg", .string(SecretScrubber.scrub(event.message.description)), to: &line)
        append(key: "component", .string(component), to: &line)
        appendAll(metadata, to: &line)
        if format == .json { line.append(UInt8(ascii: "}")) }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private func appendAll(_ metadata: Logger.Metadata, to line: inout [UInt8]) {
        let reserve = 24  // room for `,"truncated":true}` and the newline
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let before = line.count
            append(
                key: Self.safeKey(key),
                SecretScrubber.hides(key: key) ? .string(SecretScrubber.mark) : value,
                isTrusted: SecretScrubber.trusts(key: key),
                to: &line
            )
            if line.count > Self.lineLimit - reserve {
                line.removeSubrange(before...)
                append(key: "truncated", .stringConvertible(true), to: &line)
                return
            }
        }
    }

    private func append(
        key: String,
        _ value: Logger.MetadataValue,
        isTrusted: Bool = false,
        to line: inout [UInt8],
        isFirst: Bool = false
    ) {
        var shown: String {
            if isTrusted, case .string(let text) = value { return text }
            return Self.text(of: value)
        }
        switch format {
        case .logfmt:
            if !isFirst { line.append(UInt8(ascii: " ")) }
            line.append(contentsOf: key.utf8)
            line.append(UInt8(ascii: "="))
            appendBare(shown, to: &line)
        case .json:
            if !isFirst { line.append(UInt8(ascii: ",")) }
            EscapedText.append(key, to: &line, limit: Self.valueLimit)
            line.append(UInt8(ascii: ":"))
            if let number = Self.jsonLiteral(value) {
                line.append(contentsOf: number.utf8)
            } else {
                EscapedText.append(shown, to: &line, limit: Self.valueLimit)
            }
        }
    }

    /// A whole number or a truth value as in JSON; nil for everything else, which is text.
    private static func jsonLiteral(_ value: Logger.MetadataValue) -> String? {
        guard case .stringConvertible(let value) = value else { return nil }
        return switch value {
        case let number as any FixedWidthInteger: number.description
        case let truth as Bool: truth ? "true" : "false"
        default: nil
        }
    }

    /// Appends a value, without quotes if it needs none.
    private func appendBare(_ text: String, to line: inout [UInt8]) {
        let isPlain = text.utf8.allSatisfy { octet in
            (0x21...0x7E).contains(octet) && octet != UInt8(ascii: "\"") && octet != UInt8(ascii: "=")
                && octet != UInt8(ascii: "\\")
        }
        if isPlain && !text.isEmpty && text.utf8.count <= Self.valueLimit {
            line.append(contentsOf: text.utf8)
        } else {
            EscapedText.append(text, to: &line, limit: Self.valueLimit)
        }
    }

    private static func text(of value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): Instance.addressed(SecretScrubber.scrub(text))
        case .stringConvertible(let value): SecretScrubber.scrub(value.description)
        case .array(let values): "[" + values.map(text(of:)).joined(separator: " ") + "]"
        case .dictionary(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\($0.key)=" + (SecretScrubber.hides(key: $0.key) ? SecretScrubber.mark : text(of: $0.value)) }
                .joined(separator: " ") + "}"
        }
    }

    /// A key that cannot end early or be mistaken for one of ours.
    private static func safeKey(_ key: String) -> String {
        let safe = key.unicodeScalars.prefix(64).map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": Character(scalar)
            default: Character("_")
            }
        }
        let name = safe.isEmpty ? "_" : String(safe)
        return ["level", "ts", "msg", "component", "truncated"].contains(name) ? "\(name)_" : name
    }
}

extension Logger.Level {
    /// The priority of sd-daemon(3), by which `journalctl -p` filters.
    fileprivate var syslogPriority: Int {
        switch self {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
