/// What a commit did to one record, with what is needed to undo it.
package struct RecordOperation: Sendable, Equatable {
    /// `collection/record-key`.
    package let path: String
    /// The record after it; nil when it was deleted.
    package let cid: CID?
    /// The record before it; nil when it was created, or when an old server does not say.
    package let previous: CID?

    /// An operation with these parts.
    package init(path: String, cid: CID?, previous: CID?) {
        self.path = path
        self.cid = cid
        self.previous = previous
    }
}

extension SearchTree {
    /// Undoes the operations of a commit and checks that nothing else was changed: the inductive proof
    /// (atproto.com/specs/sync#validation).
    ///
    /// - Parameters:
    ///   - operations: all operations of the commit.
    ///   - previousData: the root of the tree before it.
    /// - Throws: ``RepositoryFailure`` of code ``RepositoryFailure/Code/wrongTree`` when the tree does not hold what
    ///   the operations say, or another root comes out; of another code when the proof is malformed or not whole.
    package func verifyInversion(of operations: [RecordOperation], to previousData: CID) throws(RepositoryFailure) {
        var tree = self
        var paths: Set<String> = []
        for operation in operations {
            guard paths.insert(operation.path).inserted else {
                throw RepositoryFailure(code: .wrongTree, detail: "two operations speak of \(operation.path)")
            }
            let current =
                if let previous = operation.previous {
                    try tree.insert(operation.path, previous)
                } else {
                    try tree.remove(operation.path)
                }
            guard current == operation.cid else {
                throw RepositoryFailure(
                    code: .wrongTree,
                    detail: "the tree does not hold what the commit says of \(operation.path)"
                )
            }
        }
        guard tree.identifier() == previousData else {
            throw RepositoryFailure(code: .wrongTree, detail: "the commit changed more than its operations say")
        }
    }
}
