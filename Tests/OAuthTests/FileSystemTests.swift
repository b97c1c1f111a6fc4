import Glibc
import Sandbox
import TestSupport
import Testing

@testable import OAuth

@Suite struct `The session's file system` {
    private let files = POSIXFileSystem()

    @Test func `a link to a directory is the directory, as systemd's DynamicUser makes one`() throws {
        let directory = try TemporaryDirectory()
        let (state, link) = (directory.path + "/private", directory.path + "/state")
        try #require(unsafe mkdir(state, 0o700) == 0)
        try #require(unsafe symlink(state, link) == 0)
        #expect(try files.status(of: link) == files.status(of: state))
    }

    @Test func `a link to a file is a link and no plain file`() throws {
        let directory = try TemporaryDirectory()
        let link = directory.path + "/session.json"
        try #require(unsafe symlink("/etc/hostname", link) == 0)
        #expect(try files.status(of: link)?.isRegular == false)
        #expect(throws: FileFailure.self) { try files.read(link) }
    }
}
