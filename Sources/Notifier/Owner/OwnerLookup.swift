internal import ATProtocol
internal import Network
internal import Synchronization

/// Finds who owns the project that a change request refers to, and what the project is called.
///
/// The owner is the authority of the reference, or what the rule says; nothing that the request's author wrote decides
/// (invariant 6). Every host here was chosen by a stranger and is reached as such (invariant 7).
final class OwnerLookup: Sendable {
    /// What is known after a lookup.
    struct Finding: Sendable, Equatable {
        /// The owner, when known.
        var owner: DID?
        /// The project's name, when it is known.
        var projectName: String?
        /// What went wrong; nil for a complete answer.
        var failure: Failure?

        /// A failure and what was being done.
        struct Failure: Sendable, Equatable {
            let phase: CallPhase
            let cause: CallFailure
        }
    }

    private let configuration: LookupConfiguration
    private let identities: any IdentityResolving
    private let strangers: GuardedClient
    private let wallClock: any WallClock
    private let names = Mutex<[ATURI: ProjectRecord]>([:])

    /// Project records that are remembered; all are forgotten when there are more.
    static let cacheCapacity = 1000
    /// How long a project's record is believed to be as it was.
    static let cacheLifetime = Duration.seconds(3600)
    /// The longest name or DID that a project's record is believed to hold, in characters.
    static let maximumName = 300

    init(
        configuration: LookupConfiguration,
        identities: any IdentityResolving,
        strangers: GuardedClient,
        wallClock: any WallClock
    ) {
        self.configuration = configuration
        self.identities = identities
        self.strangers = strangers
        self.wallClock = wallClock
    }

    /// The owner of what a rule's reference points to; `isFresh` asks past the cache of identities.
    func find(_ reference: ProjectReference, rule: Rule, isFresh: Bool) async -> Finding {
        var finding = Finding()
        do {
            switch reference {
            case .account(let did):
                finding.owner = did
                _ = try await document(of: did, isFresh: isFresh).pds(allowsLoopback: configuration.allowsLoopback)
            case .record(let uri, _):
                let authority = try await did(of: uri.authority)
                if rule.owner == .authority || rule.owner == .did { finding.owner = authority }
                let document = try await document(of: authority, isFresh: isFresh)
                let pds = try document.pds(allowsLoopback: configuration.allowsLoopback)
                try await readProject(uri, of: authority, at: pds, rule: rule, into: &finding)
            }
        } catch let failure as IdentityFailure {
            finding.failure = .init(phase: .identity, cause: .identity(failure))
        } catch let failure as CallFailure {
            finding.failure = .init(phase: .project, cause: failure)
        } catch {
            finding.failure = .init(phase: .project, cause: .unreadable(status: 0, detail: "\(error)"))
        }
        return finding
    }

    /// The handle of an account when it is verified in both directions; nil when that cannot be said now.
    func name(of did: DID) async -> String? {
        guard let document = try? await identities.document(of: did, isFresh: false), let handle = document.handle,
            !handle.isDisallowed, let owner = try? await identities.did(of: handle), owner == did
        else { return nil }
        return handle.text
    }

    private func did(of authority: ATURI.Authority) async throws(IdentityFailure) -> DID {
        switch authority {
        case .did(let did): did
        case .handle(let handle): try await identities.did(of: handle)
        }
    }

    private func document(of did: DID, isFresh: Bool) async throws(IdentityFailure) -> DIDDocument {
        try await identities.document(of: did, isFresh: isFresh)
    }

    private func readProject(
        _ uri: ATURI,
        of authority: DID,
        at pds: WebURL,
        rule: Rule,
        into finding: inout Finding
    ) async throws(CallFailure) {
        let record = try await record(uri, of: authority, at: pds)
        finding.projectName = record.value.value(at: rule.projectNamePath)?.string
        guard case .projectRecordField(let path) = rule.owner else { return }
        guard let text = record.value.value(at: path)?.string, let did = try? DID(text), did.isSupported else {
            throw .refused(Refusal(.ownerFieldInvalid, "\(path) in \(uri)"))
        }
        finding.owner = did
    }

    private func record(_ uri: ATURI, of authority: DID, at pds: WebURL) async throws(CallFailure) -> ProjectRecord {
        let now = wallClock.now()
        if let known = names.withLock({ $0[uri] }), known.readAt + Self.cacheLifetime > now { return known }
        let value = try await ProjectRequest(uri: uri, repository: authority, pds: pds).fetch {
            request throws(CallFailure) in
            try await strangers.send(request)
        }
        // A thousand of a stranger's largest records would be more than the daemon may have.
        let kept = value.abridged(characters: Self.maximumName, bytes: 8 << 10)
        let record = ProjectRecord(value: kept, readAt: now)
        names.withLock { names in
            if names.count >= Self.cacheCapacity { names = [:] }
            names[uri] = record
        }
        return record
    }
}

/// A project's record as it was read, abridged.
struct ProjectRecord: Sendable, Equatable {
    let value: JSONValue
    let readAt: UnixTime
}
