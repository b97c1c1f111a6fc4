/// Leads from a reader's mailbox to that of business code, past the check of signatures, in order.
struct SignaturePassage: Sendable {
    /// Where the reader puts its batches.
    let entrance = StreamMailbox()
    private let check: SignatureCheck
    private let destination: StreamMailbox

    init(check: SignatureCheck, destination: StreamMailbox) {
        self.check = check
        self.destination = destination
    }

    /// Passes batches on until the task is cancelled or either end is closed.
    func run() async {
        while let batch = await entrance.next(), let checked = await check.checked(batch) {
            while !destination.offer(checked) {
                guard !Task.isCancelled, !destination.isClosed else { return }
                await destination.waitForRoom()
            }
        }
    }
}
