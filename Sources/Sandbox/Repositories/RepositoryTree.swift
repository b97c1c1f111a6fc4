internal import ATProtocol
internal import Crypto

/// The tree of a repository's records, built anew from all of them (atproto.com/specs/repository#mst-structure).
///
/// Written a second time, and in another way than the daemon's own, so that each is a check of the other.
struct RepositoryTree {
    /// A node as it is stored, and where it leads: `links[i]` stands before `keys[i]`.
    private struct Node {
        let bytes: [UInt8]
        let keys: [[UInt8]]
        let links: [CID?]
    }

    let root: CID
    private let nodes: [CID: Node]

    private struct Leaf {
        let key: [UInt8]
        let value: CID
        let height: Int
    }

    init(_ records: [String: CID]) throws(SandboxError) {
        let leaves = records.map { Leaf(key: Array($0.key.utf8), value: $0.value, height: Self.height($0.key)) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var nodes: [CID: Node] = [:]
        let top = leaves.map(\.height).max() ?? 0
        root = try Self.node(leaves[...], top, &nodes)
        self.nodes = nodes
    }

    /// Every node.
    var blocks: [(cid: CID, bytes: [UInt8])] { nodes.map { ($0.key, $0.value.bytes) } }

    /// The nodes from the root to a key, or to where it would stand: what proves that it is there, or is not.
    func path(to key: String) -> [(cid: CID, bytes: [UInt8])] {
        let key = Array(key.utf8)
        var path: [(cid: CID, bytes: [UInt8])] = []
        var next: CID? = root
        while let cid = next, let node = nodes[cid] {
            path.append((cid, node.bytes))
            let index = node.keys.firstIndex { !$0.lexicographicallyPrecedes(key) } ?? node.keys.count
            next = index < node.keys.count && node.keys[index] == key ? nil : node.links[index]
        }
        return path
    }

    /// Two-bit zeros at the beginning of the key's digest.
    private static func height(_ key: String) -> Int {
        let bits = Digest.sha256(key).flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        return bits.prefix { $0 == 0 }.count / 2
    }

    private static func node(
        _ leaves: ArraySlice<Leaf>,
        _ height: Int,
        _ nodes: inout [CID: Node]
    ) throws(SandboxError) -> CID {
        let runs = leaves.split(omittingEmptySubsequences: false) { $0.height == height }
        let own = leaves.filter { $0.height == height }
        var links: [CID?] = []
        for run in runs { links.append(run.isEmpty ? nil : try node(run, height - 1, &nodes)) }
        var last: [UInt8] = []
        var entries: [JSONValue] = []
        for (leaf, right) in zip(own, links.dropFirst()) {
            let shared = zip(last, leaf.key).prefix { $0 == $1 }.count
            entries.append([
                "k": Self.bytes(Array(leaf.key[shared...])), "p": .integer(Int64(shared)),
                "t": right.map(Self.link) ?? .null, "v": Self.link(leaf.value),
            ])
            last = leaf.key
        }
        let left = (links.first ?? nil).map(Self.link) ?? .null
        let bytes = try encoded(["e": .array(entries), "l": left])
        let cid = CID(of: bytes)
        nodes[cid] = Node(bytes: bytes, keys: own.map(\.key), links: links)
        return cid
    }

    static func link(_ cid: CID) -> JSONValue { ["$link": .string(cid.text)] }

    static func bytes(_ bytes: [UInt8]) -> JSONValue {
        ["$bytes": .string(String(Base64.encode(bytes).prefix { $0 != "=" }))]
    }

    static func encoded(_ value: JSONValue) throws(SandboxError) -> [UInt8] {
        do { return try value.dagCBOR() } catch { throw SandboxError("\(error)") }
    }
}
