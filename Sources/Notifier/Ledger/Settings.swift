internal import Crypto
internal import GRDB
internal import LedgerStorage

/// What the daemon must remember by name.
struct Settings: Sendable {
    let database: LedgerDatabase

    subscript(name: String) -> String? {
        get async throws(LedgerError) {
            try await database.read { try $0.setting(name) }
        }
    }

    func set(_ name: String, to value: String) async throws(LedgerError) {
        try await database.write { try $0.set(name, to: value) }
    }

    /// The secret of this ledger's markers, made at the first call.
    func markerKey() async throws(LedgerError) -> [UInt8] {
        try await database.write { database in
            if let key = try database.setting("marker-key").flatMap({ Base64.decode($0) }) { return key }
            let key = SecureRandom.bytes(32)
            try database.set("marker-key", to: Base64.encode(key))
            return key
        }
    }
}
