/// What matters about a file.
package struct FileStatus: Sendable, Equatable {
    /// Identity of the file on its file system.
    package var inode: UInt64
    /// The user it belongs to.
    package var owner: UInt32
    /// Type and permission bits, as in `stat`.
    package var mode: UInt32
    /// Last change of content, nanoseconds since the epoch.
    package var modified: Int64
    /// Octets.
    package var size: Int64

    /// A status with these parts.
    package init(inode: UInt64, owner: UInt32, mode: UInt32, modified: Int64, size: Int64) {
        self.inode = inode
        self.owner = owner
        self.mode = mode
        self.modified = modified
        self.size = size
    }

    /// Whether group or others may do anything with it.
    var isShared: Bool { mode & 0o077 != 0 }
    /// Whether it is a plain file.
    var isRegular: Bool { mode & 0o170_000 == 0o100_000 }
}
