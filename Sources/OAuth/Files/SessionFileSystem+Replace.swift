extension SessionFileSystem {
    /// Replaces a whole file: writes and syncs a new file in the same directory, then renames it.
    ///
    /// - Parameters:
    ///   - path: in a directory that is not a symbolic link.
    ///   - bytes: the content.
    /// - Returns: why a crash of the machine may undo the rename; nil when it cannot. The file is replaced in both
    ///   cases.
    /// - Throws: ``FileError`` when the file is unchanged.
    package func replace(_ path: String, with bytes: [UInt8]) throws(FileError) -> FileError? {
        let next = path + ".tmp"
        try write(bytes, to: next)
        try rename(next, to: path)
        let end = path.lastIndex(of: "/") ?? path.startIndex
        let directory = end == path.startIndex ? (path.hasPrefix("/") ? "/" : ".") : String(path[..<end])
        do throws(FileError) { try syncDirectory(directory) } catch { return error }
        return nil
    }
}
