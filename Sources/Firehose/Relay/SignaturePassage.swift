/// Passes batches from a reader's mailbox to the consumer's mailbox, in order, through the signature check.
struct SignaturePassage: Sendable {
    /// The mailbox for the reader.
    let entrance = StreamMailbox()
    private let check: SignatureCheck
    private let destination: StreamMailbox

    init(check: SignatureCheck, destination: StreamMailbox) {
        self.check = check
        self.destination = destination
    }

    /// Passes on batches until the task is cancelled or either mailbox is closed.
    func run() async {
        while let batch = await entrance.next(), let checked = await check.checked(batch) {
            while !destination.offer(checked) {
                guard !Task.isCancelled, !destination.isClosed else { return }
                await destination.waitForRoom()
            }
        }
    }
}
