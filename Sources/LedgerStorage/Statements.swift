package import ATProtocol
package import GRDB
internal import Network

// Statements carry their values inline: each value is bound, and none becomes part of the statement's text.
extension Database {
    package func run(_ statement: SQL) throws { try cachedStatement(literal: statement).execute() }

    package func rows(_ query: SQL) throws -> [Row] { try SQLRequest<Row>(literal: query, cached: true).fetchAll(self) }

    package func row(_ query: SQL) throws -> Row? { try SQLRequest<Row>(literal: query, cached: true).fetchOne(self) }

    /// The first column of every row.
    package func values<Value: DatabaseValueConvertible>(_ query: SQL) throws -> [Value] {
        try SQLRequest<Value>(literal: query, cached: true).fetchAll(self)
    }

    /// The first column of the first row; nil when there is no row, or when it is NULL.
    package func value<Value: DatabaseValueConvertible>(_ query: SQL) throws -> Value? {
        try SQLRequest<Value>(literal: query, cached: true).fetchOne(self)
    }

    package func exists(_ query: SQL) throws -> Bool { try value("SELECT EXISTS (\(query))") ?? false }
}

extension Row {
    /// The value of a column.
    ///
    /// - Throws: what is wrong, when a damaged file holds another type. A subscript would end the process.
    package func get<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        try decode(Value.self, forColumn: column)
    }
}

extension SQLInterpolation {
    package mutating func appendInterpolation<Name: RawRepresentable<String>>(_ name: Name?) {
        appendInterpolation(name?.rawValue)
    }

    package mutating func appendInterpolation<Name: RawRepresentable<String>>(_ names: [Name]) {
        appendInterpolation(names.map(\.rawValue))
    }

    package mutating func appendInterpolation(_ did: DID?) { appendInterpolation(did?.text) }

    package mutating func appendInterpolation(_ uri: ATURI) { appendInterpolation(uri.text) }

    package mutating func appendInterpolation(_ span: Duration?) { appendInterpolation(span?.inSeconds) }
}

extension Database {
    package func setting(_ name: String) throws -> String? {
        try value("SELECT value FROM setting WHERE name = \(name)")
    }

    package func set(_ name: String, to value: String) throws {
        try run(
            """
            INSERT INTO setting (name, value) VALUES (\(name), \(value))
            ON CONFLICT DO UPDATE SET value = excluded.value
            """
        )
    }
}
