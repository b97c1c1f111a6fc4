internal import GRDB
internal import LedgerStorage
public import Network
internal import Templates

/// A project that a recipient was to be told of.
public struct KnownProject: Sendable, Equatable {
    /// Its AT-URI or DID.
    public let reference: String
    /// Its name in messages, as others wrote it.
    public let title: String
    /// Until when the recipient has muted it; nil when it is not muted.
    public let mutedUntil: UnixTime?

    init(row: Row) throws {
        reference = try row.get("uri")
        title = ProjectReference(reference)?.title(named: try row.get("name")) ?? reference
        mutedUntil = try row.get("muted_until")
    }

    /// Whether the recipient has muted it.
    public func isMuted(at now: UnixTime) -> Bool { mutedUntil.map { $0 > now } ?? false }

    /// The names by which somebody may call it: its title in messages or as written, its AT-URI, or its record's key.
    func names(isExact: Bool) -> Set<String> {
        let key = reference.split(separator: "/").last.map(String.init) ?? reference
        let shown = ForeignWords.quoted(title, graphemes: 80, bytes: 400)
        return Set([title, shown, reference, key].map { Self.name($0, isExact: isExact) })
    }

    /// A text as names are compared: exactly, or also without differences beyond case, spaces and surrounding marks.
    static func name(_ text: String, isExact: Bool) -> String { isExact ? plain(text) : folded(text) }

    private static func plain(_ text: String) -> String {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard let first = words.firstIndex(where: { !marks.contains($0) }),
            let last = words.lastIndex(where: { !marks.contains($0) })
        else { return words }
        return String(words[first...last])
    }

    private static func folded(_ text: String) -> String { FoldedWord.words(of: text).map(\.own).joined() }

    /// Characters around a name that do not belong to it.
    private static let marks: Set<Character> = [
        "“", "”", "„", "\"", "'", "‘", "’", "«", "»", "`", ".", ",", ";", ":", "!", "(", ")", "[", "]", "<", ">",
    ]
}
