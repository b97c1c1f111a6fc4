internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Lets the author's repository prove a request, and replaces the request by what is found there instead.
struct RequestProver: Sendable {
    let context: DeliveryContext
    let queue: JobQueue
    let proofs: RecordProofClient

    /// What the author's repository says.
    enum Proof {
        /// It has the version that the request is about; with its record, abridged.
        case proven(JSONValue, Attempt)
        /// It does not have it, or gave no answer.
        case resolved(Resolution)
        /// It has another version, which has replaced the request's.
        case replaced
    }

    func prove(_ job: Job) async throws(LedgerError) -> Proof {
        let proof: RecordProof
        do throws(CallError) { proof = try await proofs.prove(job.uri, of: job.author) } catch {
            return .resolved(try await unproven(job, error))
        }
        let classifier = EventClassifier(context.configuration, sender: context.sender)
        switch ProofResult(job, proof, classifier: classifier) {
        case .same(let record):
            context.reporter.proven(job.uri, rev: proof.rev)
            return .proven(record, Attempt(.proof, outcome: "proven", detail: "revision \(proof.rev)"))
        case .gone:
            let refusal = Refusal(.recordNotFound, "the repository at \(proof.rev) does not hold it")
            return .resolved(.refused(refusal, .proof))
        case .outdated:
            let failure = RepositoryError(
                code: .outdated,
                detail: "the repository is still at revision \(proof.rev), and the event is of \(job.rev)"
            )
            return .resolved(try await unproven(job, .unproven(failure)))
        case .changed(let request):
            let result = try await queue.replace(job, with: request, now: context.now)
            guard !result.added.isEmpty else { return .replaced }
            context.reporter.replacedByProof(job.uri, rev: proof.rev)
            for request in result.added {
                if let refusal = request.refusal { context.reporter.report(Outcome(of: request, refusal)) }
            }
            context.loops.resolving.wake()
            return .replaced
        }
    }

    private func unproven(_ job: Job, _ cause: CallError) async throws(LedgerError) -> Resolution {
        let verdict = try await queue.escalated(classify(.proof, cause), request: job.request, owner: nil)
        let since = try await queue.proofMissingSince(job)
        let configuration = context.configuration.lookup
        let patience = job.awaitsProof ? configuration.identityPatience : configuration.proofPatience
        let isGivenUp = job.hasLasted(since: since, longerThan: patience, agreedNow: context.agreedNow)
        return .failed(verdict, isGivenUp: isGivenUp, Attempt(.proof, cause, verdict))
    }
}

extension Job {
    /// Whether something about it has lasted longer than this, by the earlier of our time and the network's
    /// (invariant 12).
    ///
    /// A clock that was behind may have dated it before the stream told of the request.
    func hasLasted(since: UnixTime?, longerThan patience: Duration, agreedNow: UnixTime) -> Bool {
        since.map { agreedNow - max($0, UnixTime(microseconds: witnessed)) > patience } ?? false
    }
}
