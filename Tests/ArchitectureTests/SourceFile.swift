import Foundation

/// A Swift file as the tests of the layers see it: where it stands, what it imports, declares and names.
struct SourceFile {
    /// Relative to the folder that holds Package.swift.
    let path: String
    /// The target's name.
    let target: String
    /// The folder within the target; the name of a file that stands beside the folders.
    let room: String
    /// The modules.
    private(set) var imports: Set<String> = []
    /// The types that the whole target can see by their own names.
    private(set) var declared: Set<String> = []
    /// Types within others, and those of this file alone.
    private(set) var hidden: Set<String> = []
    /// Every word that may be a type's name; no members, and nothing of strings and comments.
    private(set) var named: Set<String> = []

    /// Reads a file below a folder of targets.
    init(path: String) throws {
        let parts = path.split(separator: "/").map(String.init)
        self.path = path
        target = parts[1]
        room =
            parts.count > 3
            ? parts[2..<parts.count - 1].joined(separator: "/") : String(parts[2].prefix { $0 != "." && $0 != "+" })
        var isText = false
        for line in try Repository.lines(of: path) {
            let beganAsText = isText
            if line.components(separatedBy: "\"\"\"").count.isMultiple(of: 2) { isText.toggle() }
            if !beganAsText { take(Self.words(of: line), isIndented: line.first == " ") }
        }
    }

    private mutating func take(_ words: [String], isIndented: Bool) {
        if let place = words.prefix(3).firstIndex(of: "import") {
            if let module = words[(place + 1)...].first(where: { !Self.kinds.contains($0) }) { imports.insert(module) }
            return
        }
        let isHidden = isIndented || words.contains("private") || words.contains("fileprivate")
        for (place, word) in words.enumerated() where word.first?.isUppercase == true {
            named.insert(word)
            guard place > 0, Self.kinds.contains(words[place - 1]) else { continue }
            if isHidden { hidden.insert(word) } else { declared.insert(word) }
        }
    }

    /// The words that stand before the name of a type; those of an import, too.
    private static let kinds: Set = [
        "struct", "class", "enum", "actor", "protocol", "typealias", "associatedtype", "func", "var", "let",
    ]

    /// The words of a line's code.
    private static func words(of line: Substring) -> [String] {
        let bytes = Array(line.utf8)
        var words: [String] = []
        var index = 0
        while index < bytes.count {
            let start = index
            index += 1
            switch bytes[start] {
            case UInt8(ascii: "\""):
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                index += 1
            case UInt8(ascii: "/") where index < bytes.count && bytes[index] == bytes[start]: return words
            case let byte where isLetter(byte):
                while index < bytes.count, isLetter(bytes[index]) { index += 1 }
                guard start == 0 || bytes[start - 1] != UInt8(ascii: ".") else { continue }
                words.append(String(decoding: bytes[start..<index], as: UTF8.self))
            default: break
            }
        }
        return words
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
