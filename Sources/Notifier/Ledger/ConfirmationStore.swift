internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// Remembers in the ledger which records confirmed an index's claim.
///
/// Errors are ignored, and what cannot be read is asked for again: every other use of the ledger reports the damage.
struct ConfirmationStore: Confirmations {
    let database: LedgerDatabase

    func confirmation(of reference: ProjectReference) async -> Confirmation? {
        let row = try? await database.read { database in
            try database.row("SELECT uri, at FROM confirmation WHERE reference = \(reference.description)").map {
                Confirmation(uri: try ATURI($0.get("uri")), at: try $0.get("at"))
            }
        }
        return row ?? nil
    }

    func remember(_ confirmation: Confirmation, of reference: ProjectReference) async {
        try? await database.write { database in
            try database.run(
                """
                INSERT INTO confirmation (reference, uri, at) VALUES (\(reference.description), \(confirmation.uri), \(confirmation.at))
                ON CONFLICT DO UPDATE SET uri = excluded.uri, at = excluded.at
                """
            )
        }
    }

    func date(_ uri: ATURI, to time: UnixTime) async {
        try? await database.write { try $0.run("UPDATE confirmation SET at = min(at, \(time)) WHERE uri = \(uri)") }
    }
}
