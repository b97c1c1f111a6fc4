extension JSONValue {
    /// A shortened copy: long texts are cut, long lists and deep levels are left out.
    ///
    /// A pull request may contain a patch of a megabyte; the ledger and the caches keep only what a template could
    /// show.
    ///
    /// - Parameters:
    ///   - characters: the limit for each text, with four bytes per character on average.
    ///   - bytes: the limit for all names and texts together; the rest is left out.
    /// - Returns: the shortened value.
    package func abridged(characters: Int, bytes: Int) -> JSONValue {
        var room = bytes
        return abridged(characters, &room, depth: 8)
    }

    private static let maximumElements = 64

    private func abridged(_ characters: Int, _ room: inout Int, depth: Int) -> JSONValue {
        // Each value costs something, so that a long list of empty values ends, too.
        room -= 8
        guard depth > 0, room > 0 else { return .null }
        switch self {
        case .string(let text):
            let limit = min(characters * 4, room)
            guard text.utf8.count > min(characters, limit) else {
                room -= text.utf8.count
                return self
            }
            var kept = String(text.prefix(characters))
            while kept.utf8.count > limit { kept.removeLast(max(1, kept.count / 8)) }
            room -= kept.utf8.count
            return .string(kept)
        case .array(let values):
            var kept: [JSONValue] = []
            for value in values.prefix(Self.maximumElements) where room > 0 {
                kept.append(value.abridged(characters, &room, depth: depth - 1))
            }
            return .array(kept)
        case .object(let members):
            var kept: [String: JSONValue] = [:]
            // Short values first, so that a patch does not displace a title.
            let ordered = members.sorted { ($0.value.isScalar ? 0 : 1, $0.key) < ($1.value.isScalar ? 0 : 1, $1.key) }
            for (key, value) in ordered.prefix(Self.maximumElements) where room > key.utf8.count {
                room -= key.utf8.count
                kept[key] = value.abridged(characters, &room, depth: depth - 1)
            }
            return .object(kept)
        case .null, .bool, .integer, .number: return self
        }
    }

    private var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }
}
