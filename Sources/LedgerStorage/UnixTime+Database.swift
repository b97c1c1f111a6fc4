public import GRDB
public import Network

// Moments are stored in seconds. Rounding to the nearest microsecond keeps what is due still due after it is read back.
extension UnixTime: DatabaseValueConvertible {
    /// Seconds since the Unix epoch.
    public var databaseValue: DatabaseValue { seconds.databaseValue }

    /// Reads seconds since the Unix epoch.
    public static func fromDatabaseValue(_ value: DatabaseValue) -> UnixTime? {
        Double.fromDatabaseValue(value).map(UnixTime.init(seconds:))
    }
}
