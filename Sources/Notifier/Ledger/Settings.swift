internal import LedgerStorage

/// Values that the daemon remembers by name.
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
}
