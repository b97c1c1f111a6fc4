/// One local output: a file of its own that takes one notification at a time and says whether it was taken.
protocol OutputChannel: Sendable {
    /// Hands a notification over.
    ///
    /// - Throws: whatever went wrong; it is logged, counted and not repeated: the ledger holds the truth.
    func deliver(_ notification: OutputNotification) async throws
}
