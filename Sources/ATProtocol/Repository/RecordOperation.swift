/// What a commit did to one record, and what is needed to undo it.
package struct RecordOperation: Sendable, Equatable {
    /// The path in the repository: `collection/record-key`.
    package let path: String
    /// The CID of the record after the commit; nil when it was deleted.
    package let cid: CID?
    /// The CID of the record before the commit; nil when it was created, or when an old server omits it.
    package let previous: CID?

    package init(path: String, cid: CID?, previous: CID?) {
        self.path = path
        self.cid = cid
        self.previous = previous
    }
}

extension MerkleSearchTree {
    /// Undoes a commit's operations and checks that nothing else changed (atproto.com/specs/sync#validation).
    ///
    /// This is the specification's inductive proof.
    ///
    /// - Parameters:
    ///   - operations: all operations of the commit.
    ///   - previousData: the root of the tree before the commit.
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/wrongTree`` when the tree contradicts the
    ///   operations or the result has another root; with another code when the proof is malformed or incomplete.
    package func verifyInversion(of operations: [RecordOperation], to previousData: CID) throws(RepositoryError) {
        var tree = self
        var paths: Set<String> = []
        for operation in operations {
            guard paths.insert(operation.path).inserted else {
                throw RepositoryError(code: .wrongTree, detail: "two operations speak of \(operation.path)")
            }
            let current =
                if let previous = operation.previous {
                    try tree.insert(operation.path, previous)
                } else {
                    try tree.remove(operation.path)
                }
            guard current == operation.cid else {
                throw RepositoryError(
                    code: .wrongTree,
                    detail: "the tree does not hold what the commit says of \(operation.path)"
                )
            }
        }
        guard tree.identifier() == previousData else {
            throw RepositoryError(code: .wrongTree, detail: "the commit changed more than its operations say")
        }
    }
}
