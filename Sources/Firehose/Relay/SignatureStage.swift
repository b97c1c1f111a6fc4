/// Passes batches from a reader's queue to the consumer's queue, in order, through the signature check.
struct SignatureStage: Sendable {
    /// The queue for the reader.
    let entrance = BatchQueue()
    private let verifier: SignatureVerifier
    private let destination: BatchQueue

    init(verifier: SignatureVerifier, destination: BatchQueue) {
        self.verifier = verifier
        self.destination = destination
    }

    /// Passes on batches until the task is cancelled or either queue is closed.
    func run() async {
        while let batch = await entrance.next(), let checked = await verifier.checked(batch) {
            while !destination.offer(checked) {
                guard !Task.isCancelled, !destination.isClosed else { return }
                await destination.waitForRoom()
            }
        }
    }
}
