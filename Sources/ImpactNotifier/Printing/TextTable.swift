/// Rows under a header, each column as wide as what is in it.
struct TextTable {
    private let rows: [[String]]

    /// A table.
    ///
    /// - Parameters:
    ///   - header: the names of the columns.
    ///   - rows: as many cells each; what strangers wrote in them stays on its line.
    init(_ header: [String], _ rows: [[String]]) {
        self.rows = ([header] + rows).map { row in row.map(\.onOneLine) }
    }

    /// The header and the rows, a line each.
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
    /// The text without the ends of its lines: what strangers wrote begins no line of ours.
    var onOneLine: String { String(map { $0.isNewline ? " " : $0 }) }

    /// The text with spaces behind it, as wide as a column.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
