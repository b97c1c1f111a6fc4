internal import ATProtocol
internal import Network

/// Finds the owner where only an index knows whose project a reference means.
extension OwnerLookup {
    /// Finds the owner whom the index names, or who was known before, and whose own record confirms it.
    func confirm(
        _ written: ProjectReference,
        _ index: OwnerIndex,
        _ trail: Trail,
        into finding: inout Finding
    ) async throws(LookupError) {
        // Indexes and records refer to accounts by DID.
        var reference = written
        if case .record(let uri) = written, let collection = uri.collection, let key = uri.recordKey {
            reference = .record(ATURI(try await records.did(of: uri), collection, key))
        }
        let known = await confirmations.confirmation(of: reference)
        // The owner who was known before stays one as long as their record says so, whoever else claims it now.
        var claims = known.map { [$0.uri] } ?? []
        var answer: IndexClient.Answer?
        if trail.isFresh || known?.isFresh(at: wallClock.now()) != true {
            do throws(LookupError) {
                answer = try await ask(index, about: reference, &finding)
            } catch {
                // When the index is down, a known owner can still be confirmed.
                guard known != nil else { throw error }
            }
        }
        claims = (answer?.claims ?? []) + claims.filter { answer?.claims.contains($0) != true }
        var (owners, objection) = try await confirmed(claims, reference, index, trail)
        if let known, !owners.isEmpty, let moved = try await moved(known, reference, index, trail, owners) {
            owners.append(moved)
        }
        guard let owner = owners.first else {
            throw objection ?? LookupError(.index, .indexUnknown, answer?.detail ?? "")
        }
        guard owners.count == 1 else {
            let names = owners.map(\.uri.text).joined(separator: " and ")
            throw LookupError(.index, .ownerAmbiguous, "\(names) both say \(reference)")
        }
        if owner.uri != known?.uri || answer != nil {
            await confirmations.remember(Confirmation(uri: owner.uri, at: wallClock.now()), of: reference)
        }
        finding.project = .record(owner.uri)
        finding.names = [reference, .record(owner.uri)]
        // The account's server is known by now, because its record was read.
        try await checkPerson(owner.did, trail.rule, isFresh: false)
        finding.owner = owner.did
        finding.projectName = trail.rule.projectName(in: owner.record)
        finding.steps.append("\(owner.did) is the owner: \(index.confirmingPath) of \(owner.uri) confirms it")
    }

    private typealias Owner = (uri: ATURI, did: DID, record: JSONValue)

    /// The claimed owners whose own records confirm the reference, and the first failure of the others.
    private func confirmed(
        _ claims: [ATURI],
        _ reference: ProjectReference,
        _ index: OwnerIndex,
        _ trail: Trail
    ) async throws(LookupError) -> (owners: [Owner], objection: LookupError?) {
        var owners: [Owner] = []
        var objection: LookupError?
        for claim in claims {
            do throws(LookupError) {
                let owner = try await confirming(claim, reference, index, trail)
                if !owners.contains(where: { $0.did == owner.did }) { owners.append(owner) }
            } catch {
                // A claim that cannot be checked now might turn out to be a second owner.
                let verdict = error.verdict
                guard verdict.isFinal || [.ownerUnconfirmed, .didNotFound].contains(verdict.reason) else { throw error }
                objection = objection ?? error
            }
        }
        return (owners, objection)
    }

    /// The earlier owner, if they are not among the present ones but have another record that confirms the reference.
    ///
    /// Moving the record to another key does not give the project away.
    private func moved(
        _ known: Confirmation,
        _ reference: ProjectReference,
        _ index: OwnerIndex,
        _ trail: Trail,
        _ owners: [Owner]
    ) async throws(LookupError) -> Owner? {
        guard let did = known.uri.did, let collection = known.uri.collection, !owners.contains(where: { $0.did == did })
        else { return nil }
        do throws(LookupError) {
            let home = try await records.home(of: did, isFresh: trail.isFresh)
            let held = try await records.records(in: collection, at: home)
            if let own = held.records.first(where: { index.isConfirmed(reference, by: $0.value) }) {
                return (own.uri, did, own.value)
            }
            guard held.isComplete else {
                let detail = "\(did), who had it before, holds more records than are looked through"
                throw LookupError(.index, .ownerAmbiguous, detail)
            }
        } catch {
            let reason = error.verdict.reason
            guard reason == .repositoryGone || reason == .didNotFound else { throw error }
        }
        return nil
    }

    private func ask(
        _ index: OwnerIndex,
        about reference: ProjectReference,
        _ finding: inout Finding
    ) async throws(LookupError) -> IndexClient.Answer {
        do {
            let answer = try await self.index.claims(about: reference, index)
            let names = answer.claims.map(\.text).joined(separator: ", ")
            finding.steps.append(
                names.isEmpty ? "the index names nobody: \(answer.detail)" : "the index names \(names) for \(reference)"
            )
            return answer
        } catch { throw LookupError(.index, error) }
    }

    private func confirming(
        _ claim: ATURI,
        _ reference: ProjectReference,
        _ index: OwnerIndex,
        _ trail: Trail
    ) async throws(LookupError) -> Owner {
        func unconfirmed(_ detail: String) -> LookupError {
            LookupError(.index, .ownerUnconfirmed, detail)
        }
        guard let collection = claim.collection, let key = claim.recordKey,
            trail.rule.projectCollections.contains(where: { $0.matches(collection) })
        else { throw unconfirmed("\(claim) is in no collection of projects") }
        let reading: (value: JSONValue, did: DID)
        do { reading = try await read(claim, trail) } catch {
            guard error.verdict.reason == .projectNotFound else { throw error }
            throw unconfirmed("\(claim) does not exist")
        }
        guard index.isConfirmed(reference, by: reading.value) else {
            throw unconfirmed("\(index.confirmingPath) of \(claim) does not say \(reference)")
        }
        // By its DID, because the handle may belong to somebody else later.
        return (ATURI(reading.did, collection, key), reading.did, reading.value)
    }
}
