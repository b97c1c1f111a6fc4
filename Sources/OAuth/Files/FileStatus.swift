/// The part of a file's status that the session needs.
package struct FileStatus: Sendable, Equatable {
    package var inode: UInt64
    /// The user ID of the owner.
    package var owner: UInt32
    /// The type and permission bits, as in `stat`.
    package var mode: UInt32
    /// The time of the last change of content, in nanoseconds since the Unix epoch.
    package var modified: Int64
    /// The size in octets.
    package var size: Int64

    package init(inode: UInt64, owner: UInt32, mode: UInt32, modified: Int64, size: Int64) {
        self.inode = inode
        self.owner = owner
        self.mode = mode
        self.modified = modified
        self.size = size
    }

    /// Whether group or others have any permission.
    var isShared: Bool { mode & 0o077 != 0 }
    var isRegular: Bool { mode & 0o170_000 == 0o100_000 }
}
