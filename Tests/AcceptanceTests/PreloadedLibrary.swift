import Foundation
import Glibc
import Sandbox
import Testing

/// A library of `Tests/Preloaded` that is made here, and a folder for what it reads.
struct PreloadedLibrary: Sendable {
    let folder: TemporaryDirectory
    /// Where it lies, for `LD_PRELOAD`.
    let path: String

    /// Makes the library; nil without a compiler.
    init?(_ source: String) async throws {
        folder = try TemporaryDirectory()
        path = folder.file("preloaded.so")
        let compilers: [String] = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"]
        guard let compiler = compilers.first(where: { path in unsafe access(path, X_OK) == 0 }) else { return nil }
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Preloaded/\(source)").standardized.path(percentEncoded: false)
        let build = try ChildProcess(
            compiler,
            ["-shared", "-fPIC", "-O1", "-o", path, file],
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": folder.path]
        )
        let ending = await build.ended(within: .seconds(60))
        try #require(ending == .exited(0), tail(build))
    }
}
