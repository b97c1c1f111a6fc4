internal import ATProtocol
internal import Network

extension RepositoryCommit {
    /// The commit of a message that proves itself, before anybody asks whose key signed it.
    ///
    /// Checks the message against its commit, records against the tree, operations against the previous tree.
    ///
    /// See atproto.com/specs/sync#validation.
    ///
    /// - Parameters:
    ///   - message: the message without its blocks.
    ///   - archive: the blocks of the message.
    ///   - now: the current time.
    /// - Throws: `RepositoryError` that says what does not match.
    init(_ message: RelayCommit, _ archive: CARFile, now: UnixTime) throws(RepositoryError) {
        func wrong(_ detail: String) -> RepositoryError {
            RepositoryError(code: .wrongTree, detail: detail)
        }
        guard archive.root == message.commit, let block = try archive.block(archive.root) else {
            throw wrong("the archive's root is not the commit")
        }
        try archive.verify()
        try self.init(block)
        guard did.text == message.repo else { throw wrong("the commit is of another repository") }
        guard rev.text == message.rev else { throw wrong("the commit is of another revision") }
        try checkRevision(now: now)
        let tree = try MerkleSearchTree(root: data, in: archive)
        for operation in message.operations {
            guard let cid = operation.cid else { continue }
            guard try tree.value(of: operation.path) == cid else {
                throw wrong("the tree holds another record at \(operation.path)")
            }
        }
        // A few old servers omit the previous tree; for their commits nothing more can be proven.
        guard let previousData = message.previousData else { return }
        let operations = message.operations.map {
            RecordOperation(path: $0.path, cid: $0.cid, previous: $0.previous)
        }
        try tree.verifyInversion(of: operations, to: previousData)
    }
}
