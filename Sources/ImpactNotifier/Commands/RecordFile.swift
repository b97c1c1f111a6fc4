internal import ATProtocol
internal import ArgumentParser
internal import FoundationEssentials

/// A file with a record as JSON, or with the answer of getRecord, which has the record's AT-URI.
struct RecordFile {
    let record: JSONValue
    /// Nil when the file does not say.
    let uri: ATURI?

    /// Reads a file.
    ///
    /// - Throws: `ExitCode` when there is nothing to read in it; the reason is printed.
    init(path: String) throws {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            StandardOutput.printError("\(path) cannot be read.")
            throw ExitCode(ExitStatus.noInput.rawValue)
        }
        do {
            let value = try JSONValue(parsing: Array(data))
            if let text = value["uri"]?.string, let record = value["value"], let uri = try? ATURI(text) {
                (self.record, self.uri) = (record, uri)
            } else {
                (record, uri) = (value, nil)
            }
        } catch {
            StandardOutput.printError("\(path): \(error)")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
    }
}
