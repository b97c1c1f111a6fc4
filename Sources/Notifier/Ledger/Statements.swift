internal import ATProtocol
internal import GRDB

// Statements carry their values where they stand: each is bound, none becomes text of the statement.
extension Database {
    func run(_ statement: SQL) throws { try cachedStatement(literal: statement).execute() }

    func rows(_ query: SQL) throws -> [Row] { try SQLRequest<Row>(literal: query, cached: true).fetchAll(self) }

    func row(_ query: SQL) throws -> Row? { try SQLRequest<Row>(literal: query, cached: true).fetchOne(self) }

    /// The first column of every row.
    func values<Value: DatabaseValueConvertible>(_ query: SQL) throws -> [Value] {
        try SQLRequest<Value>(literal: query, cached: true).fetchAll(self)
    }

    /// The first column of the first row; nil when there is none, or nothing in it.
    func value<Value: DatabaseValueConvertible>(_ query: SQL) throws -> Value? {
        try SQLRequest<Value>(literal: query, cached: true).fetchOne(self)
    }

    func exists(_ query: SQL) throws -> Bool { try value("SELECT EXISTS (\(query))") ?? false }
}

extension SQLInterpolation {
    mutating func appendInterpolation<Name: RawRepresentable<String>>(_ name: Name?) {
        appendInterpolation(name?.rawValue)
    }

    mutating func appendInterpolation<Name: RawRepresentable<String>>(_ names: [Name]) {
        appendInterpolation(names.map(\.rawValue))
    }

    mutating func appendInterpolation(_ did: DID?) { appendInterpolation(did?.text) }

    mutating func appendInterpolation(_ uri: ATURI) { appendInterpolation(uri.text) }
}

extension Row {
    /// A state of one of our machines.
    func value<State: RawRepresentable<String>>(_ column: String) throws -> State {
        let text: String = self[column]
        guard let state = State(rawValue: text) else {
            throw LedgerError(.corrupt, path: "ledger.sqlite", detail: "a row has the unknown state “\(text)”")
        }
        return state
    }

    // A reason that a newer version wrote is shown as none.
    func reason(_ column: String) -> Reason? { (self[column] as String?).flatMap(Reason.init(rawValue:)) }
}
