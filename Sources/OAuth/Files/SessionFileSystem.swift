/// The few file operations that the session's safety rests on, each of which can fail, or be the last one before a crash.
///
/// Calls block; they are made from the store's own queue only.
package protocol SessionFileSystem: Sendable {
    /// What the file or directory is; nil when there is none. Symbolic links are not followed.
    func status(of path: String) throws(FileFailure) -> FileStatus?
    /// The whole content. Symbolic links are refused.
    func read(_ path: String) throws(FileFailure) -> [UInt8]
    /// Creates or empties a file of mode 0600 and reserves room for `size` octets on the disk.
    func reserve(_ path: String, size: Int) throws(FileFailure)
    /// Replaces the content of a reserved file and waits until it is on the disk.
    func write(_ bytes: [UInt8], to path: String) throws(FileFailure)
    /// Gives a file another name, replacing what had it; a crash of the machine may undo it until ``syncDirectory(_:)``.
    func rename(_ path: String, to newPath: String) throws(FileFailure)
    /// Waits until the names in a directory are on the disk. A symbolic link is refused.
    func syncDirectory(_ path: String) throws(FileFailure)
    /// Removes a file; does nothing when there is none.
    func remove(_ path: String) throws(FileFailure)
    /// Takes the exclusive lock of a lock file, creating it; nil when another holder has it.
    func lock(_ path: String) throws(FileFailure) -> (any FileLock)?
    /// The user that files must belong to.
    var owner: UInt32 { get }
}

/// A held lock; ends with ``unlock()`` or with the process.
package protocol FileLock: Sendable {
    /// Gives the lock back.
    func unlock()
}
