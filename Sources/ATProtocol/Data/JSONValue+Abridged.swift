extension JSONValue {
    /// The value without what no message needs: long texts cut, long lists and deep levels left out.
    ///
    /// A pull request may carry a patch of a megabyte; the ledger and the caches keep what a template could show.
    ///
    /// - Parameters:
    ///   - characters: of a text, each of at most four bytes on average.
    ///   - bytes: of all names and texts together; what comes behind them is left out.
    /// - Returns: the rest.
    package func abridged(characters: Int, bytes: Int) -> JSONValue {
        var room = bytes
        return abridged(characters, &room, depth: 8)
    }

    private static let maximumElements = 64

    private func abridged(_ characters: Int, _ room: inout Int, depth: Int) -> JSONValue {
        // Every value costs something, so that a list of nothing ends, too.
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
            // Short values first: a title must not give way to a patch.
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
