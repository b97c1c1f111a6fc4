internal import GRDB
internal import LedgerStorage
public import Network
internal import Templates

/// A project that a recipient was to be told of.
public struct KnownProject: Sendable, Equatable {
    /// Its AT-URI or DID.
    public let reference: String
    /// How messages call it, as others wrote it.
    public let title: String
    /// Until when its recipient wants to hear nothing of it; nil when they did not say so.
    public let mutedUntil: UnixTime?

    init(row: Row) throws {
        reference = try row.get("uri")
        title = ProjectReference(reference)?.title(named: try row.get("name")) ?? reference
        mutedUntil = try row.get("muted_until")
    }

    /// Whether its recipient wants to hear nothing of it.
    public func isMuted(at now: UnixTime) -> Bool { mutedUntil.map { $0 > now } ?? false }

    /// By what somebody may name it: as messages have it or as it is, by its AT-URI, or by the key of its record.
    func names(isExact: Bool) -> Set<String> {
        let key = reference.split(separator: "/").last.map(String.init) ?? reference
        let shown = ForeignWords.quoted(title, graphemes: 80, bytes: 400)
        return Set([title, shown, reference, key].map { Self.name($0, isExact: isExact) })
    }

    /// What somebody wrote, as a name is compared; exact is where no more than case, spaces and the marks around it differ.
    static func name(_ text: String, isExact: Bool) -> String { isExact ? plain(text) : folded(text) }

    private static func plain(_ text: String) -> String {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard let first = words.firstIndex(where: { !marks.contains($0) }),
            let last = words.lastIndex(where: { !marks.contains($0) })
        else { return words }
        return String(words[first...last])
    }

    private static func folded(_ text: String) -> String { FoldedWord.words(of: text).map(\.own).joined() }

    /// What stands around a name that is no part of it.
    private static let marks: Set<Character> = [
        "“", "”", "„", "\"", "'", "‘", "’", "«", "»", "`", ".", ",", ";", ":", "!", "(", ")", "[", "]", "<", ">",
    ]
}
