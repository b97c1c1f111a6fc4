/// Rows under a header, with columns as wide as their content.
struct TextTable {
    private let rows: [[String]]

    /// A table.
    ///
    /// - Parameters:
    ///   - header: the column names.
    ///   - rows: rows of as many cells; a cell with a stranger's text stays on its line.
    init(_ header: [String], _ rows: [[String]]) {
        self.rows = ([header] + rows).map { row in row.map(\.onOneLine) }
    }

    /// The header and the rows, one line each.
    var lines: [String] {
        let widths = rows.reduce(into: [Int]()) { widths, row in
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell.padding(to: widths[column])
            }
            return cells.joined(separator: "  ")
        }
    }
}

extension String {
    /// The text without line ends, so that a stranger's text never begins a line.
    var onOneLine: String { String(map { $0.isNewline ? " " : $0 }) }

    /// The text with spaces after it, up to a column's width.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
