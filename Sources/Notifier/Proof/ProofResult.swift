internal import ATProtocol
internal import Firehose
internal import Network

/// What a proof means for a job; a pure function of both and the configuration.
enum ProofResult: Sendable {
    /// The repository has the version that the job is about; with its record, abridged.
    case same(JSONValue)
    /// The repository has another version, or other content than the stream told: it replaces the job's version.
    case changed(NewRequest)
    /// The repository has no such record.
    case gone
    /// The proof is from before the event, as from a server that lags.
    case outdated

    init(_ job: Job, _ proof: RecordProof, classifier: EventClassifier) {
        let isOutdated = proof.rev.text.utf8.lexicographicallyPrecedes(job.rev.utf8)
        guard let cid = proof.cid, let record = proof.record, let collection = job.uri.collection,
            let recordKey = job.uri.recordKey
        else {
            self = isOutdated ? .outdated : .gone
            return
        }
        let commit = StreamEvent.Commit(
            operation: .update,
            collection: collection,
            recordKey: recordKey,
            rev: proof.rev.text,
            cid: cid.text,
            record: record
        )
        let position = StreamPosition(host: "proof", wire: .proof, value: 0, witnessed: job.witnessed)
        let event = StreamEvent(position: position, did: job.author, body: .commit(commit))
        var classifier = classifier
        guard case .request(let request) = classifier.classify(event, now: UnixTime(microseconds: job.witnessed)) else {
            self = .gone
            return
        }
        if cid.text == job.cid, request.isAbout(job) {
            self = .same(request.record)
        } else if cid.text != job.cid, isOutdated {
            self = .outdated
        } else {
            self = .changed(request)
        }
    }
}

extension NewRequest {
    /// Whether it would become the same job.
    fileprivate func isAbout(_ job: Job) -> Bool {
        rule == job.rule && refusal == nil && !references.isEmpty && references == job.references
    }
}

extension StreamWire {
    /// Not a stream: the author's own repository said so.
    static let proof = StreamWire(rawValue: "proof")
}
