public import GRDB
public import Network

// Moments are seconds in the ledger. To the nearest microsecond, so that what was due is due when it is read back.
extension UnixTime: DatabaseValueConvertible {
    /// Seconds since the Unix epoch.
    public var databaseValue: DatabaseValue { seconds.databaseValue }

    /// Reads seconds since the Unix epoch.
    public static func fromDatabaseValue(_ value: DatabaseValue) -> UnixTime? {
        Double.fromDatabaseValue(value).map(UnixTime.init(seconds:))
    }
}
