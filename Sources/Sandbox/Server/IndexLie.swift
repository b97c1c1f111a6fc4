/// What an index says that is not so, in an answer that looks like any other.
public enum IndexLie: Sendable, Equatable {
    /// It has not come that far: it knows no repository, and says of itself that it is not ready.
    case lags
    /// It names these records, whatever they are, and shows them as if they confirmed it: one by itself, several as a list.
    case claims([String])
    /// It answers with the record of another repository than the one asked for.
    case confuses
}
