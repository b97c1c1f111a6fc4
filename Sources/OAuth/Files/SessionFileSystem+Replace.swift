extension SessionFileSystem {
    /// Replaces a file as a whole: the content is written beside it and synced, then takes its name.
    ///
    /// - Parameters:
    ///   - path: in a directory that is no symbolic link.
    ///   - bytes: the content.
    /// - Returns: why the new name may not survive a crash of the machine; nil when it does. The file is there either way.
    /// - Throws: ``FileFailure`` when the file is as it was.
    func replace(_ path: String, with bytes: [UInt8]) throws(FileFailure) -> FileFailure? {
        let next = path + ".tmp"
        try write(bytes, to: next)
        try rename(next, to: path)
        let end = path.lastIndex(of: "/") ?? path.startIndex
        let directory = end == path.startIndex ? (path.hasPrefix("/") ? "/" : ".") : String(path[..<end])
        do throws(FileFailure) { try syncDirectory(directory) } catch { return error }
        return nil
    }
}
