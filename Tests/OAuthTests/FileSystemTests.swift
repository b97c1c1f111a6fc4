import Glibc
import Sandbox
import TestSupport
import Testing

@testable import OAuth

@Suite struct `The session's file system` {
    private let files = POSIXFileSystem()

    @Test func `a link is a link, whatever it leads to`() throws {
        let directory = try TemporaryDirectory()
        let (folder, file) = (directory.path + "/state", directory.path + "/session.json")
        try #require(unsafe symlink(directory.path, folder) == 0)
        try #require(unsafe symlink("/etc/hostname", file) == 0)
        for link in [folder, file] { #expect(try files.status(of: link)?.isRegular == false) }
        #expect(throws: FileError.self) { try files.read(file) }
        #expect(throws: FileError.self) { try files.syncDirectory(folder) }
    }

    @Test func `a replaced file is there, also when its directory cannot be synced`() throws {
        let directory = try TemporaryDirectory()
        #expect(try files.replace(directory.path + "/session.json", with: [1]) == nil)
        let link = directory.path + "/link"
        try #require(unsafe symlink(directory.path, link) == 0)
        #expect(try files.replace(link + "/session.json", with: [2])?.number == ENOTDIR)
        #expect(try files.read(directory.path + "/session.json") == [2])
        #expect(throws: FileError.self) { try files.replace(directory.path + "/none/session.json", with: [3]) }
    }

    @Test func `a login whose directory cannot be synced is started and stored all the same`() async throws {
        var login = try await SandboxLogin()
        login.environment.files = UnsyncedFiles()
        let status = try await login.logIn()
        #expect(status.state == .ok)
        #expect(login.log.count("session stored, but it may not survive a power cut") == 1)
    }
}

/// A disk that takes everything and never says that it will last.
private struct UnsyncedFiles: SessionFileSystem {
    private let files = POSIXFileSystem()

    var owner: UInt32 { files.owner }

    func status(of path: String) throws(FileError) -> FileStatus? { try files.status(of: path) }
    func read(_ path: String) throws(FileError) -> [UInt8] { try files.read(path) }
    func reserve(_ path: String, size: Int) throws(FileError) { try files.reserve(path, size: size) }
    func write(_ bytes: [UInt8], to path: String) throws(FileError) { try files.write(bytes, to: path) }
    func rename(_ path: String, to newPath: String) throws(FileError) { try files.rename(path, to: newPath) }
    func remove(_ path: String) throws(FileError) { try files.remove(path) }
    func lock(_ path: String) throws(FileError) -> (any FileLock)? { try files.lock(path) }

    func syncDirectory(_ path: String) throws(FileError) {
        throw FileError(operation: "sync", path: path, number: EIO, reason: "scripted")
    }
}
