internal import GRDB
import LedgerStorage

@testable import Notifier

extension Ledger {
    /// Lets the stream have gone on until a time, in microseconds: for ever, so that our clock alone counts, or until then.
    func letNetworkAgree(until witnessed: Int64 = 1 << 60) async throws(LedgerError) {
        try await database.write { database in
            try database.run(
                """
                INSERT INTO position (host, wire, value, witnessed, evidence, saved_at)
                VALUES ('network', 'relay', 1, \(witnessed), '', \(Double(witnessed) / 1e6))
                ON CONFLICT DO UPDATE SET witnessed = excluded.witnessed, saved_at = excluded.saved_at
                """
            )
        }
    }
}
