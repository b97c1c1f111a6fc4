/// The text of a configuration whose values can be changed while every comment stays.
///
/// The layout is that of the shipped files. A comment has a space after its `#`. A key that is commented out has none
/// (`#account: …`, `  #kind: loopback`), and the lines of its value are indented further (`  #  - wss://…`).
struct CommentedText {
    private var lines: [String]

    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

    /// The present text.
    var text: String { lines.joined(separator: "\n") }

    /// A line with a key: `    - name: x` has the indent 4 and the mark `- `.
    private struct Key {
        let indent: Int
        let mark: String
        let name: String

        /// Nil for a comment, and for a line without a key.
        init?(_ line: String) {
            guard let match = line.wholeMatch(of: /( *)#?(- )?([a-z_]+):( .*)?/) else { return nil }
            indent = match.1.count
            mark = match.2.map { String($0) } ?? ""
            name = String(match.3)
        }

        var head: String { String(repeating: " ", count: indent) + mark }
    }

    /// The dotted paths of its keys, commented out or not.
    var keys: [String] {
        var section = ""
        return lines.compactMap { line in
            guard let key = Key(line) else { return nil }
            if key.indent == 0 { section = key.name }
            return key.indent == 0 ? key.name : "\(section).\(key.name)"
        }
    }

    /// Sets a key, which may have been commented out; lines of its earlier value are removed.
    ///
    /// - Parameters:
    ///   - path: such as `account` or `policy.recipients`; for a rule `rules.accepts`.
    ///   - value: the value as YAML.
    /// - Returns: whether the key exists.
    @discardableResult
    mutating func set(_ path: String, to value: String) -> Bool {
        guard let (index, key) = find(path) else { return false }
        lines.replaceSubrange(index..<end(of: index, key), with: ["\(key.head)\(key.name): \(value)"])
        return true
    }

    /// Comments a key out.
    mutating func unset(_ path: String) {
        guard let (index, key) = find(path), !lines[index].contains("#\(key.mark)\(key.name):") else { return }
        let written = String(lines[index].dropFirst(key.indent))
        let head = String(repeating: " ", count: key.indent)
        lines.replaceSubrange(index..<end(of: index, key), with: ["\(head)#\(written)"])
    }

    private func find(_ path: String) -> (index: Int, key: Key)? {
        let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
        var section = ""
        for (index, line) in lines.enumerated() {
            guard let key = Key(line) else { continue }
            if key.indent == 0 { section = key.name }
            let isIt = parts.count == 1 ? key.indent == 0 : key.indent > 0 && section == parts[0]
            if isIt, key.name == parts.last { return (index, key) }
        }
        return nil
    }

    /// The line after a key's value.
    private func end(of index: Int, _ key: Key) -> Int {
        let depth = key.indent + key.mark.count
        let head = String(repeating: " ", count: key.indent)
        let next = lines[(index + 1)...].firstIndex { line in
            let content = line.drop { $0 == " " }
            let isInside = !content.isEmpty && content.first != "#" && line.count - content.count > depth
            return !isInside && !line.hasPrefix("\(head)#  ")
        }
        return next ?? lines.endIndex
    }
}
