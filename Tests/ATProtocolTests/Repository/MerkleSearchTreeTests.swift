import TestSupport
import Testing

@testable import ATProtocol

@Suite struct `The repository's tree` {
    private func json(_ name: String) throws -> [JSONValue] {
        guard let bytes = try Corpus.bytes("interop/\(name).json") else { return [] }
        return try JSONValue(parsing: bytes).array ?? []
    }

    private func tree(_ keys: some Sequence<String>, _ value: CID) throws -> MerkleSearchTree {
        var tree = MerkleSearchTree()
        for key in keys { try tree.insert(key, value) }
        return tree
    }

    @Test func `heights and common prefixes agree with the interop vectors`() throws {
        for vector in try json("mst/key_heights") {
            let key = try #require(vector["key"]?.string)
            #expect(TreeNode.height(of: Array(key.utf8)) == Int(try #require(vector["height"]?.integer)))
        }
        for vector in try json("mst/common_prefix") {
            let (left, right) = (try #require(vector["left"]?.string), try #require(vector["right"]?.string))
            #expect(TreeNode.commonPrefix(Array(left.utf8), Array(right.utf8)) == Int(vector["len"]?.integer ?? -1))
        }
    }

    @Test func `the roots of known trees come out`() throws {
        let value = try CID("bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454")
        #expect(MerkleSearchTree().identifier().text == "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm")
        #expect(
            try tree(["com.example.record/3jqfcqzm3fo2j"], value).identifier().text
                == "bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu"
        )
    }

    @Test func `commits of the interop fixtures lead forward and back`() throws {
        for fixture in try json("firehose/commit-proof-fixtures") {
            let value = try CID(try #require(fixture["leafValue"]?.string))
            let keys = try #require(fixture["keys"]?.array).compactMap(\.string)
            let adds = try #require(fixture["adds"]?.array).compactMap(\.string)
            let deletes = try #require(fixture["dels"]?.array).compactMap(\.string)
            var tree = try tree(keys, value)
            let before = try CID(try #require(fixture["rootBeforeCommit"]?.string))
            #expect(tree.identifier() == before, "\(fixture["comment"]?.string ?? "")")
            for key in adds { try tree.insert(key, value) }
            for key in deletes { #expect(try tree.remove(key) == value) }
            #expect(tree.identifier().text == fixture["rootAfterCommit"]?.string)
            let operations =
                adds.map { RecordOperation(path: $0, cid: value, previous: nil) }
                + deletes.map { RecordOperation(path: $0, cid: nil, previous: value) }
            try tree.verifyInversion(of: operations, to: before)
            #expect(throws: RepositoryError.self) {
                try tree.verifyInversion(of: Array(operations.dropFirst()), to: before)
            }
        }
    }

    @Test func `a tree does not remember the order in which it grew`() throws {
        let value = CID(of: Array("value".utf8))
        let keys = try Corpus.cases("interop/mst/example_keys.txt")
        let straight = try tree(keys, value)
        var mixed = try tree(keys.shuffled() + ["app.bsky.feed.post/extra"], value)
        #expect(mixed.identifier() != straight.identifier())
        #expect(try mixed.remove("app.bsky.feed.post/extra") == value)
        #expect(mixed.identifier() == straight.identifier())
        for key in keys.shuffled() {
            #expect(try mixed.value(of: key) == value)
            #expect(try mixed.remove(key) == value)
            #expect(try mixed.value(of: key) == nil && mixed.remove(key) == nil)
        }
        #expect(mixed.identifier() == MerkleSearchTree().identifier())
    }
}
