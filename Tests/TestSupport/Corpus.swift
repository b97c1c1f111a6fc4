import Foundation

/// Files of real network data and of others' test vectors, kept beside the repository.
public enum Corpus {
    /// The folder, nil where it does not exist.
    private static let root: URL? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_CORPUS"].map { URL(filePath: $0) }
        let folder = named ?? package.appending(path: "../shared/corpus").standardizedFileURL
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    /// Where a file is; nil, with a line on the console, where there is no corpus.
    private static func place(of path: String) -> URL? {
        if root == nil { print("skipped: no corpus (\(path))") }
        return root?.appending(path: path)
    }

    /// The bytes of a file; nil, with a line on the console, where there is no corpus.
    public static func bytes(_ path: String) throws -> [UInt8]? {
        try place(of: path).map { try Array(Data(contentsOf: $0)) }
    }

    /// The cases of a line-based vector file: comments and blank lines left out, nothing trimmed.
    public static func cases(_ path: String) throws -> [String] {
        (try bytes(path) ?? []).split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
            .filter { !$0.hasPrefix("#") }
    }

    /// The bytes of a file that is compressed with zstd; nil where there is no corpus or no zstd.
    public static func decompressed(_ path: String) throws -> [UInt8]? {
        let tool = "/usr/bin/zstd"
        guard let file = place(of: path) else { return nil }
        guard FileManager.default.isExecutableFile(atPath: tool) else {
            print("skipped: no zstd (\(path))")
            return nil
        }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: tool)
        process.arguments = ["-dc", file.path]
        process.standardOutput = pipe
        try process.run()
        let bytes = Array(pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return bytes
    }
}
