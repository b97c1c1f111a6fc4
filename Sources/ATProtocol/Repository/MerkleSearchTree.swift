/// A repository's Merkle search tree, or the part of it that a proof has (atproto.com/specs/repository#mst-structure).
///
/// Nodes are read from their blocks when needed; the others may be missing.
package struct MerkleSearchTree: Sendable {
    /// A subtree that is still in its block, or one that has been read and may be changed.
    private indirect enum Subtree: Sendable {
        case stored(CID)
        case read(Layer)
    }

    /// The keys of one layer and the subtrees between them: `subtrees[i]` comes before `keys[i]`.
    private struct Layer: Sendable {
        var height: Int
        var records: [(key: [UInt8], value: CID)] = []
        var subtrees: [Subtree?] = [nil]

        /// The index of the first record whose key is not less than a key.
        func index(of key: [UInt8]) -> Int {
            records.firstIndex { !$0.key.lexicographicallyPrecedes(key) } ?? records.count
        }
    }

    private let archive: CARFile?
    private var root: Layer

    package init() {
        archive = nil
        root = Layer(height: 0)
    }

    /// A tree whose blocks are in an archive.
    ///
    /// - Throws: ``RepositoryError`` when the root's block is missing or malformed.
    package init(root: CID, in archive: CARFile) throws(RepositoryError) {
        self.archive = archive
        self.root = Layer(height: 0)
        self.root = try layer(root, height: nil)
    }

    /// The CID of the root, which identifies the whole content.
    package func identifier() -> CID { Self.identifier(of: root) }

    /// The value of a key; nil when the tree does not have it.
    ///
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/missingBlock`` when a needed block is
    ///   missing.
    package func value(of key: String) throws(RepositoryError) -> CID? {
        let key = Array(key.utf8)
        var layer = root
        while true {
            let index = layer.index(of: key)
            if index < layer.records.count, layer.records[index].key == key { return layer.records[index].value }
            guard let subtree = layer.subtrees[index] else { return nil }
            layer = try read(subtree, height: layer.height - 1)
        }
    }

    /// Sets the value of a key.
    ///
    /// - Returns: the previous value of the key.
    /// - Throws: ``RepositoryError``.
    @discardableResult
    package mutating func insert(_ key: String, _ value: CID) throws(RepositoryError) -> CID? {
        let key = Array(key.utf8)
        let height = TreeNode.height(of: key)
        if root.records.isEmpty, root.subtrees[0] == nil { root.height = height }
        guard height > root.height else { return try insert(key, value, height, into: &root) }
        let (left, right) = try split(.read(root), at: key, height: root.height)
        let below = height - 1
        root = Layer(
            height: height,
            records: [(key, value)],
            subtrees: [lift(left, from: root.height, to: below), lift(right, from: root.height, to: below)]
        )
        return nil
    }

    /// Removes a key.
    ///
    /// - Returns: its value; nil when the tree did not have it.
    /// - Throws: ``RepositoryError``.
    @discardableResult
    package mutating func remove(_ key: String) throws(RepositoryError) -> CID? {
        let old = try remove(Array(key.utf8), from: &root)
        // A root with a single subtree and no records is not written.
        while root.records.isEmpty, let subtree = root.subtrees[0] {
            root = try read(subtree, height: root.height - 1)
        }
        return old
    }

    private func insert(
        _ key: [UInt8],
        _ value: CID,
        _ height: Int,
        into layer: inout Layer
    ) throws(RepositoryError) -> CID? {
        let index = layer.index(of: key)
        if index < layer.records.count, layer.records[index].key == key {
            defer { layer.records[index].value = value }
            return layer.records[index].value
        }
        if height == layer.height {
            let (left, right) = try split(layer.subtrees[index], at: key, height: layer.height - 1)
            layer.records.insert((key, value), at: index)
            layer.subtrees.replaceSubrange(index...index, with: [left, right])
            return nil
        }
        guard let subtree = layer.subtrees[index] else {
            let leaf = Layer(height: height, records: [(key, value)], subtrees: [nil, nil])
            layer.subtrees[index] = lift(.read(leaf), from: height, to: layer.height - 1)
            return nil
        }
        var below = try read(subtree, height: layer.height - 1)
        let old = try insert(key, value, height, into: &below)
        layer.subtrees[index] = .read(below)
        return old
    }

    private func remove(_ key: [UInt8], from layer: inout Layer) throws(RepositoryError) -> CID? {
        let index = layer.index(of: key)
        if index < layer.records.count, layer.records[index].key == key {
            let old = layer.records.remove(at: index).value
            let merged = try merge(layer.subtrees[index], layer.subtrees[index + 1], height: layer.height - 1)
            layer.subtrees.replaceSubrange(index...index + 1, with: [merged])
            return old
        }
        guard let subtree = layer.subtrees[index] else { return nil }
        var below = try read(subtree, height: layer.height - 1)
        guard let old = try remove(key, from: &below) else { return nil }
        let isEmpty = below.records.isEmpty && below.subtrees[0] == nil
        layer.subtrees[index] = isEmpty ? nil : .read(below)
        return old
    }

    /// Splits a subtree into the part before a key and the part after it.
    private func split(
        _ subtree: Subtree?,
        at key: [UInt8],
        height: Int
    ) throws(RepositoryError) -> (Subtree?, Subtree?) {
        guard let subtree else { return (nil, nil) }
        let layer = try read(subtree, height: height)
        let index = layer.index(of: key)
        let (inner, outer) = try split(layer.subtrees[index], at: key, height: height - 1)
        let left = Layer(
            height: height,
            records: Array(layer.records[..<index]),
            subtrees: layer.subtrees[..<index] + [inner]
        )
        let right = Layer(
            height: height,
            records: Array(layer.records[index...]),
            subtrees: [outer] + layer.subtrees[(index + 1)...]
        )
        return (Self.kept(left), Self.kept(right))
    }

    private func merge(
        _ left: Subtree?,
        _ right: Subtree?,
        height: Int
    ) throws(RepositoryError) -> Subtree? {
        guard let left else { return right }
        guard let right else { return left }
        var one = try read(left, height: height)
        let other = try read(right, height: height)
        let middle = try merge(one.subtrees.removeLast(), other.subtrees[0], height: height - 1)
        one.subtrees += [middle] + other.subtrees.dropFirst()
        one.records += other.records
        return .read(one)
    }

    /// Adds empty layers above a subtree.
    private func lift(_ subtree: Subtree?, from: Int, to: Int) -> Subtree? {
        guard var subtree else { return nil }
        for height in (from..<max(from, to)).map({ $0 + 1 }) {
            subtree = .read(Layer(height: height, subtrees: [subtree]))
        }
        return subtree
    }

    private static func kept(_ layer: Layer) -> Subtree? {
        layer.records.isEmpty && layer.subtrees[0] == nil ? nil : .read(layer)
    }

    private func read(_ subtree: Subtree, height: Int) throws(RepositoryError) -> Layer {
        switch subtree {
        case .read(let layer): layer
        case .stored(let cid): try layer(cid, height: height)
        }
    }

    /// Reads a node; `height` is nil for the root, whose first key determines it.
    private func layer(_ cid: CID, height: Int?) throws(RepositoryError) -> Layer {
        guard let block = try archive?.block(cid) else {
            throw RepositoryError(code: .missingBlock, detail: "the proof lacks the node \(cid)")
        }
        let node = try TreeNode(block)
        let height = if let height { height } else { try rootHeight(node) }
        guard height >= 0, node.entries.allSatisfy({ TreeNode.height(of: $0.key) == height }) else {
            throw RepositoryError(code: .malformed, detail: "a key of the node \(cid) stands in the wrong layer")
        }
        return Layer(
            height: height,
            records: node.entries.map { ($0.key, $0.value) },
            subtrees: ([node.left] + node.entries.map(\.right)).map { $0.map(Subtree.stored) }
        )
    }

    private func rootHeight(_ node: TreeNode) throws(RepositoryError) -> Int {
        if let first = node.entries.first { return TreeNode.height(of: first.key) }
        guard let left = node.left else { return 0 }
        // Only a tree that is not in canonical form has such a root. It is read anyway, and its digest will show it.
        var depth = 1
        var next = left
        while depth < 128, let block = try archive?.block(next) {
            let below = try TreeNode(block)
            if let first = below.entries.first { return TreeNode.height(of: first.key) + depth }
            guard let left = below.left else { break }
            next = left
            depth += 1
        }
        throw RepositoryError(code: .malformed, detail: "the tree has a root without a key")
    }

    private static func identifier(of layer: Layer) -> CID {
        let links = layer.subtrees.map { subtree in subtree.map(identifier(of:)) }
        let node = TreeNode(
            left: links[0],
            entries: zip(layer.records, links.dropFirst()).map {
                TreeNode.Entry(key: $0.key, value: $0.value, right: $1)
            }
        )
        return CID(of: node.encoded)
    }

    private static func identifier(of subtree: Subtree) -> CID {
        switch subtree {
        case .stored(let cid): cid
        case .read(let layer): identifier(of: layer)
        }
    }
}
