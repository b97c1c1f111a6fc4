import OAuth
import Synchronization

/// A file system in memory that forgets at a crash what was not synced, and fails or dies where a test says.
final class CrashingFileSystem: SessionFileSystem {
    struct Node: Sendable {
        var bytes: [UInt8]
        /// What a crash leaves of the content.
        var synced: [UInt8]
        var mode: UInt32 = 0o100_600
        var inode: UInt64
        var modified: Int64
    }

    private struct State {
        var names: [String: UInt64] = [:]
        /// The names that a crash leaves.
        var syncedNames: [String: UInt64] = [:]
        var nodes: [UInt64: Node] = [:]
        var next: UInt64 = 1
        var stamp: Int64 = 0
        var locks: Set<String> = []
        var operations = 0
        var crashAt: Int?
        var isDead = false
        var epoch = 0
        var failures: [String: Int32] = [:]
        var directoryOwner: UInt32 = 1000
        var log: [String] = []
        var history: [String: [String]] = [:]
        /// Files that got another name since the directory was synced.
        var renamed: [String] = []
    }

    private let state = Mutex(State())
    let owner: UInt32 = 1000

    // MARK: What a test does

    /// Lets an operation (`write`, `reserve`, `rename`, `sync-directory`) fail with an `errno` until taken back.
    func fail(_ operation: String, with number: Int32?) { state.withLock { $0.failures[operation] = number } }

    /// Dies at the n-th operation from now: it and all later ones do nothing.
    func crash(afterOperations count: Int?) {
        state.withLock { state in state.crashAt = count.map { state.operations + $0 } }
    }

    /// The process dies: locks are free, what was not synced is gone.
    func restart() {
        state.withLock { state in
            state.isDead = false
            state.epoch += 1
            state.crashAt = nil
            state.locks = []
            state.names = state.syncedNames
            state.renamed = []
            for (id, node) in state.nodes { state.nodes[id]?.bytes = node.synced }
        }
    }

    /// Dies now.
    func kill() { state.withLock { $0.isDead = true } }

    /// Gives the directory to another user.
    func own(by owner: UInt32) { state.withLock { $0.directoryOwner = owner } }

    /// Every content that a file had on the disk, for good.
    func history(of path: String) -> [String] { state.withLock { $0.history[path] ?? [] } }

    /// How often it was restarted: what a process of an earlier epoch does, does not happen.
    var epoch: Int { state.withLock { $0.epoch } }

    var isDead: Bool { state.withLock { $0.isDead } }
    var operations: Int { state.withLock { $0.operations } }
    var log: [String] { state.withLock { $0.log } }
    var names: [String] { state.withLock { $0.names.keys.sorted() } }

    func text(_ path: String) -> String? {
        state.withLock { state in
            state.names[path].flatMap { state.nodes[$0] }.map { String(decoding: $0.bytes, as: UTF8.self) }
        }
    }

    /// Puts a file there, as an editor or another process would.
    func put(_ text: String, at path: String, mode: UInt32 = 0o100_600) {
        state.withLock { state in
            Self.place(Array(text.utf8), path, &state)
            let id = state.names[path] ?? 0
            state.nodes[id]?.mode = mode
            state.nodes[id]?.synced = Array(text.utf8)
            state.syncedNames[path] = id
        }
    }

    func take(_ path: String) {
        state.withLock { state in
            state.names[path] = nil
            state.syncedNames[path] = nil
        }
    }

    // MARK: SessionFileSystem

    func status(of path: String) throws(FileError) -> FileStatus? {
        try step("status", path) { state in
            if path == "/state" {
                return FileStatus(inode: 0, owner: state.directoryOwner, mode: 0o040_700, modified: 0, size: 0)
            }
            return state.names[path].flatMap { state.nodes[$0] }.map { node in
                FileStatus(
                    inode: node.inode,
                    owner: 1000,
                    mode: node.mode,
                    modified: node.modified,
                    size: Int64(node.bytes.count)
                )
            }
        }
    }

    func read(_ path: String) throws(FileError) -> [UInt8] {
        try step("read", path) { state in state.names[path].flatMap { state.nodes[$0] }?.bytes ?? [] }
    }

    func reserve(_ path: String, size: Int) throws(FileError) {
        try step("reserve", path) { state in Self.place([UInt8](repeating: 0, count: size), path, &state) }
    }

    func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        // Half of it may have reached the file before the sync.
        try step("write-begin", path) { state in Self.place(Array(bytes.prefix(bytes.count / 2)), path, &state) }
        try step("write", path) { state in
            Self.place(bytes, path, &state)
            if let id = state.names[path] { state.nodes[id]?.synced = bytes }
        }
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try step("rename", path) { state in
            state.names[newPath] = state.names[path]
            state.names[path] = nil
            state.renamed.append(newPath)
        }
    }

    func syncDirectory(_ path: String) throws(FileError) {
        try step("sync-directory", path) { state in
            state.syncedNames = state.names
            for name in state.renamed {
                let bytes = state.names[name].flatMap { state.nodes[$0] }?.synced ?? []
                state.history[name, default: []].append(String(decoding: bytes, as: UTF8.self))
            }
            state.renamed = []
        }
    }

    func remove(_ path: String) throws(FileError) {
        try step("remove", path) { state in state.names[path] = nil }
    }

    func lock(_ path: String) throws(FileError) -> (any FileLock)? {
        let isFree = try step("lock", path) { state in state.locks.insert(path).inserted }
        return isFree ? Lock(path: path, files: self) : nil
    }

    private struct Lock: FileLock {
        let path: String
        let files: CrashingFileSystem

        func unlock() { files.state.withLock { _ = $0.locks.remove(path) } }
    }

    private static func place(_ bytes: [UInt8], _ path: String, _ state: inout State) {
        state.stamp += 1
        let id = state.names[path] ?? state.next
        if state.names[path] == nil {
            state.names[path] = id
            state.nodes[id] = Node(bytes: [], synced: [], inode: id, modified: 0)
            state.next += 1
        }
        state.nodes[id]?.bytes = bytes
        state.nodes[id]?.modified = state.stamp
    }

    private func step<Value>(
        _ operation: String,
        _ path: String,
        _ work: (inout State) -> Value
    ) throws(FileError) -> Value {
        let result: Result<Value, FileError> = state.withLock { state in
            func failure(_ number: Int32) -> FileError {
                FileError(operation: operation, path: path, number: number, reason: "errno \(number)")
            }
            if state.isDead { return .failure(failure(5)) }
            state.operations += 1
            if let crashAt = state.crashAt, state.operations >= crashAt {
                state.isDead = true
                return .failure(failure(5))
            }
            if let number = state.failures[operation] { return .failure(failure(number)) }
            state.log.append("\(operation) \(path)")
            return .success(work(&state))
        }
        return try result.get()
    }
}
