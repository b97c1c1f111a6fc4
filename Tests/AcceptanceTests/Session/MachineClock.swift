import Glibc
import Sandbox
import Testing

/// The wall clock of the daemons of one test, which may be wrong: a library that is preloaded.
struct MachineClock: Sendable {
    private let library: PreloadedLibrary

    /// Makes the library; nil without a compiler.
    init?() async throws {
        guard let library = try await PreloadedLibrary("clock.c") else { return nil }
        self.library = library
        try set(0)
    }

    /// What makes a program go by it.
    var environment: [String: String] {
        ["LD_PRELOAD": library.path, "CLOCK_SHIM_FILE": library.folder.file("offset")]
    }

    /// Sets it wrong by so many seconds.
    func set(_ seconds: Int) throws {
        // Replaced as a whole: nobody reads half of it.
        let file = try library.folder.write("\(seconds)\n", to: "offset.next")
        try #require(unsafe rename(file, library.folder.file("offset")) == 0)
    }
}
