internal import ATProtocol
internal import ArgumentParser

/// The option `--json`, and the way in which all commands print: lines and tables for people, objects for programs.
struct OutputOption: ParsableArguments {
    @Flag(help: "JSON for programs: one object a line.") var json = false

    /// Prints one thing.
    func show(_ object: @autoclosure () -> JSONValue, _ lines: @autoclosure () -> [String]) {
        for line in json ? [object().encodedText] : lines() { StandardOutput.print(line) }
    }

    /// Prints what was found, one item a line; says so when nothing was found.
    ///
    /// - Parameters:
    ///   - items: what was found.
    ///   - none: the sentence for nothing.
    ///   - header: the column names.
    ///   - row: an item for people, one cell for each column.
    ///   - object: an item for programs.
    func list<Item>(
        _ items: [Item],
        none: String,
        header: [String],
        row: (Item) -> [String],
        object: (Item) -> JSONValue
    ) {
        guard json || !items.isEmpty else { return StandardOutput.printError(none) }
        let lines = json ? items.map { object($0).encodedText } : TextTable(header, items.map(row)).lines
        for line in lines { StandardOutput.print(line) }
    }
}
