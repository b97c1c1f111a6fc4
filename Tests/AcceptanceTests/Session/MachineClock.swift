import Foundation
import Glibc
import Sandbox
import Testing

/// The wall clock of the daemons of one test, which may be wrong: a library that is made here and preloaded.
struct MachineClock: Sendable {
    private let folder: TemporaryDirectory

    /// Makes the library; nil without a compiler.
    init?() async throws {
        folder = try TemporaryDirectory()
        let compilers: [String] = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"]
        guard let compiler = compilers.first(where: { path in unsafe access(path, X_OK) == 0 }) else { return nil }
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../ClockShim/clock.c").standardized.path(percentEncoded: false)
        let build = try ChildProcess(
            compiler,
            ["-shared", "-fPIC", "-O1", "-o", folder.file("clock.so"), source],
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": folder.path]
        )
        let ending = await build.ended(within: .seconds(60))
        try #require(ending == .exited(0), tail(build))
        try set(0)
    }

    /// What makes a program go by it.
    var environment: [String: String] {
        ["LD_PRELOAD": folder.file("clock.so"), "CLOCK_SHIM_FILE": folder.file("offset")]
    }

    /// Sets it wrong by so many seconds.
    func set(_ seconds: Int) throws {
        // Replaced as a whole: nobody reads half of it.
        let file = try folder.write("\(seconds)\n", to: "offset.next")
        try #require(unsafe rename(file, folder.file("offset")) == 0)
    }
}
