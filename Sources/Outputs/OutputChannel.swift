package import ATProtocol

/// A local output, which accepts one notification at a time.
package protocol OutputChannel: Sendable {
    /// Delivers a notification.
    ///
    /// - Throws: any error; it is logged and counted, and the delivery is not repeated: the ledger has the full record.
    func deliver(_ notification: JSONValue) async throws
}
