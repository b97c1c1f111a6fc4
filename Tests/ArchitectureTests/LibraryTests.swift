import Foundation
import Testing

/// The libraries for others: their pages show what is public and nothing else, in code that their tests compile and run.
@Suite struct `A library for others` {
    static let libraries = ["ATProtocol", "Firehose", "OAuth", "WebSocket"]

    private func pages(of library: String) throws -> [String] {
        try Repository.files(in: ["Sources/\(library)/\(library).docc"]).filter { $0.hasSuffix(".md") }
    }

    /// The lines of Swift's code in a page, one array for each example.
    private func examples(in page: String) throws -> [[String]] {
        var examples: [[String]] = []
        var isInside = false
        for line in try Repository.lines(of: page) {
            if line.hasPrefix("```") {
                isInside = line == "```swift"
                if isInside { examples.append([]) }
            } else if isInside {
                examples[examples.count - 1].append(String(line))
            }
        }
        return examples
    }

    @Test func `is a product with a catalog`() throws {
        let products = try Repository.text(of: "Package.swift")
            .matches(of: #/\.library\(name: "(?<name>\w+)"/#).map { String($0.name) }
        let catalogs = try Repository.files(in: ["Sources"]).compactMap { path in
            path.hasSuffix(".docc") ? path.split(separator: "/").dropFirst().first.map(String.init) : nil
        }
        #expect(products.sorted() == Self.libraries)
        #expect(catalogs == Self.libraries)
    }

    @Test(arguments: libraries) func `shows only code that is tested as strangers write it`(library: String) throws {
        let tests = try Repository.text(of: "Tests/\(library)Tests/ExampleTests.swift")
        #expect(!tests.contains("@testable"))
        let pages = try pages(of: library)
        #expect(pages.count >= 3)
        for page in pages {
            let examples = try examples(in: page)
            #expect(!examples.isEmpty, "\(page) has no example")
            for example in examples {
                let text = example.joined(separator: "\n")
                #expect(tests.contains("\n\(text)\n"), "\(page) shows what the tests do not have:\n\(text)")
                #expect(example.count { !$0.isEmpty } <= 10, "\(page) has an example that is too long:\n\(text)")
            }
        }
    }

    @Test(arguments: libraries) func `names in its overview each public type, and no other`(library: String) throws {
        let declaration =
            #/(?m)^public (?:final |indirect )*(?:struct|enum|class|actor|protocol|typealias) (?<name>\w+)/#
        let types = try Repository.swiftFiles(in: "Sources/\(library)")
            .flatMap { try Repository.text(of: $0).matches(of: declaration).map { String($0.name) } }
        let topics = try Repository.text(of: "Sources/\(library)/\(library).docc/\(library).md")
            .matches(of: #/(?m)^- ``(?<name>\w+)``$/#).map { String($0.name) }
        #expect(types.sorted() == topics.sorted())
    }
}
