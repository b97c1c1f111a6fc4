/// What an index calls things: those of Tangled by default, and a test may choose others.
public struct IndexNames: Sendable {
    /// The collection of the records that claim a repository.
    public var collection = "sh.tangled.repo"
    /// The member of such a record that holds the repository's DID.
    public var field = "repoDid"
    /// The method that says who claims a repository.
    public var method = "sh.tangled.repo.getRepoByRepoDid"
    /// The parameter of ``method`` that names the repository's DID.
    public var parameter = "repoDid"
    /// The collection of the records that name who works on a repository, by its DID.
    public var collaborators = "sh.tangled.repo.collaborator"
    /// The method that says who works on a repository, and its parameter, which names the repository's DID.
    public var collaboratorsMethod = "sh.tangled.repo.listCollaborators"
    /// The parameter of ``collaboratorsMethod``.
    public var collaboratorsParameter = "subject"
    /// The method that says how much of the stream the index has seen.
    public var coverageMethod = "sh.tangled.bobbin.getCoverage"

    /// Tangled's names.
    public init() {}
}
