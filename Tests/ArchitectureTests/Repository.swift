import Foundation

/// The files of this repository, as the tests of its form read them.
enum Repository {
    /// The folder that holds Package.swift.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every Swift file of the targets, read once.
    static let sources: Result<[SourceFile], any Error> = Result {
        try swiftFiles(in: "Sources", "Tests/TestSupport").map(SourceFile.init(path:))
    }

    /// Paths of every Swift file below these folders, relative to ``root`` and in order.
    static func swiftFiles(in folders: String...) throws -> [String] {
        try files(in: folders).filter { $0.hasSuffix(".swift") }
    }

    /// Paths of every file below these folders, relative to ``root`` and in order.
    static func files(in folders: [String]) throws -> [String] {
        try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(
                atPath: root.appending(path: folder).path(percentEncoded: false)
            )
            .map { "\(folder)/\($0)" }
        }
        .sorted()
    }

    /// The names of the folders of `Sources`, each a target.
    static func targets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path(percentEncoded: false))
            .sorted()
    }

    /// The lines of a file.
    static func lines(of path: String) throws -> [Substring] {
        try text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The text of a Swift file without its comments.
    static func code(of path: String) throws -> String {
        try lines(of: path).map { line in
            guard let comment = line.range(of: "// ") else { return line }
            let code = line[..<comment.lowerBound]
            return code.last == "/" ? code.dropLast() : code
        }
        .joined(separator: "\n")
    }

    /// The text of a file.
    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// True when there is such a file or folder.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
    }
}
