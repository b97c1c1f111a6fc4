/// What matters about a file.
public struct FileStatus: Sendable, Equatable {
    /// Identity of the file on its file system.
    public var inode: UInt64
    /// The user it belongs to.
    public var owner: UInt32
    /// Type and permission bits, as in `stat`.
    public var mode: UInt32
    /// Last change of content, nanoseconds since the epoch.
    public var modified: Int64
    /// Octets.
    public var size: Int64

    /// A status with these parts.
    public init(inode: UInt64, owner: UInt32, mode: UInt32, modified: Int64, size: Int64) {
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
