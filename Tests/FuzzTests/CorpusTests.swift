// The fuzz targets hold their checks in debug builds, and where a fuzzer is linked.
#if DEBUG
import Foundation
import Testing

@testable import fuzz_answers
@testable import fuzz_configuration
@testable import fuzz_streams
@testable import fuzz_websocket

@Suite struct `The corpus of the fuzz targets` {
    private static let checks = [
        fuzz_websocket.FuzzTarget.all, fuzz_streams.FuzzTarget.all, fuzz_answers.FuzzTarget.all,
        fuzz_configuration.FuzzTarget.all,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzz/corpus")

    private static func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
    }

    @Test func `every target has inputs, and all inputs a target`() throws {
        #expect(try Self.names(in: Self.corpus) == Self.checks.keys.sorted())
    }

    /// A check that fails ends the process: libFuzzer knows no other answer.
    @Test(arguments: checks.keys.sorted()) func `is judged without a finding`(target: String) throws {
        let folder = Self.corpus.appending(path: target)
        let inputs = try Self.names(in: folder)
        #expect(!inputs.isEmpty)
        for input in inputs {
            let bytes = try Array(Data(contentsOf: folder.appending(path: input)))
            // Cut and changed in every place, as a fuzzer begins.
            for end in 0...bytes.count { Self.checks[target]?(Array(bytes[..<end])) }
            for place in bytes.indices {
                var changed = bytes
                changed[place] ^= 0xFF
                Self.checks[target]?(changed)
            }
        }
    }
}
#endif
