internal import ATProtocol
internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc

/// A file with a record as JSON, or with an answer of getRecord, which also has the record's AT-URI.
struct RecordFile {
    let record: JSONValue
    /// Nil when the file does not say.
    let uri: ATURI?

    /// Reads a file.
    ///
    /// - Throws: `ExitCode` when it has no record; the reason is printed.
    init(path: String) throws {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            var reason = "it is no file"
            if unsafe access(path, R_OK) != 0 { reason = unsafe String(cString: strerror(errno)) }
            throw ExitStatus.noInput.saying("\(path) cannot be read: \(reason).")
        }
        do {
            let value = try JSONValue(parsing: Array(data))
            if let text = value["uri"]?.string, let record = value["value"], let uri = try? ATURI(text) {
                (self.record, self.uri) = (record, uri)
            } else {
                (record, uri) = (value, nil)
            }
        } catch {
            throw ExitStatus.dataError.saying("\(path) holds no JSON of a record, nor an answer of getRecord: \(error)")
        }
    }
}
