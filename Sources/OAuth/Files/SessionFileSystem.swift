/// The file operations that the session's safety depends on; tests make each of them fail, or crash after it.
///
/// The calls block, so they are made on the store's own queue only.
package protocol SessionFileSystem: Sendable {
    /// The status of the file or directory; nil when there is none. Does not follow symbolic links.
    func status(of path: String) throws(FileError) -> FileStatus?
    /// Reads the whole content. Refuses symbolic links.
    func read(_ path: String) throws(FileError) -> [UInt8]
    /// Creates or empties a file with mode 0600 and reserves `size` octets on the disk.
    func reserve(_ path: String, size: Int) throws(FileError)
    /// Replaces the content of a reserved file and waits until it is on the disk.
    func write(_ bytes: [UInt8], to path: String) throws(FileError)
    /// Renames a file and replaces an existing one; until ``syncDirectory(_:)`` a crash of the machine may undo it.
    func rename(_ path: String, to newPath: String) throws(FileError)
    /// Waits until the entries of a directory are on the disk. Refuses a symbolic link.
    func syncDirectory(_ path: String) throws(FileError)
    /// Removes a file; does nothing when there is none.
    func remove(_ path: String) throws(FileError)
    /// Takes the exclusive lock of a lock file, which it creates if necessary; nil when another holder has it.
    func lock(_ path: String) throws(FileError) -> (any FileLock)?
    /// The user that must own the files.
    var owner: UInt32 { get }
}

/// A held lock; released by ``unlock()`` or at the end of the process.
package protocol FileLock: Sendable {
    /// Releases the lock.
    func unlock()
}
