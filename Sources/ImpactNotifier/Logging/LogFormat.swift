/// The format of a log line.
enum LogFormat: String, Sendable, CaseIterable {
    /// `level=info msg="connected" host=jetstream.example`: for people and for the journal.
    case logfmt
    /// One JSON object a line: for collectors.
    case json
}
