package import ATProtocol

/// One local output: takes one notification at a time and says whether it was taken.
package protocol OutputChannel: Sendable {
    /// Hands a notification over.
    ///
    /// - Throws: whatever went wrong; it is logged, counted and not repeated: the ledger holds the truth.
    func deliver(_ notification: JSONValue) async throws
}
