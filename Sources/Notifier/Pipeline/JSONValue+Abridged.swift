internal import ATProtocol

extension JSONValue {
    /// The value without what no message needs: long texts cut, long lists and deep levels left out.
    ///
    /// A pull request may carry a patch of a megabyte; the ledger keeps what a template could show.
    func abridged(characters: Int, elements: Int = 64, depth: Int = 8) -> JSONValue {
        guard depth > 0 else { return .null }
        switch self {
        case .string(let text):
            return text.utf8.count <= characters ? self : .string(String(text.prefix(characters)))
        case .array(let values):
            return .array(
                values.prefix(elements).map {
                    $0.abridged(characters: characters, elements: elements, depth: depth - 1)
                }
            )
        case .object(let members):
            let kept =
                members.count <= elements
                ? Array(members) : members.sorted { $0.key < $1.key }.prefix(elements).map(\.self)
            return .object(
                Dictionary(
                    kept.map {
                        ($0.key, $0.value.abridged(characters: characters, elements: elements, depth: depth - 1))
                    }
                ) { first, _ in first }
            )
        case .null, .bool, .integer, .number:
            return self
        }
    }
}
