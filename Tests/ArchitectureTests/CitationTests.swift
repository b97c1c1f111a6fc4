import Foundation
import Testing

/// Whoever reads a page or a comment has this repository, and none of the folders that may lie beside it.
@Suite struct `Pages and comments` {
    private static let places = [
        "Sources", "Tests", "config", "systemd", "docs", ".ci", ".github", "README.md", "CHANGELOG.md", "Makefile",
        "Dockerfile", "Package.swift",
    ]
    /// By what a comment begins, by the end of a file's name; a page is read as a whole.
    private static let signs = [
        ".md": "", ".html": "", ".swift": "//", ".h": "//", ".c": "//", ".cpp": "//", ".js": "//", ".sh": "#",
        ".py": "#", ".awk": "#", ".yaml": "#", ".yml": "#", ".service": "#", ".container": "#", "run": "#",
        "pre-commit": "#", "Makefile": "#", "Dockerfile": "#",
    ]

    private func files() throws -> [(path: String, sign: String)] {
        let paths = try Self.places.filter(Repository.exists).flatMap { place in
            Self.signs[Self.end(of: place)] != nil ? [place] : try Repository.files(in: [place])
        }
        return paths.compactMap { path in Self.signs[Self.end(of: path)].map { (path: path, sign: $0) } }
    }

    /// `.md` of a name with an ending, else the name.
    private static func end(of path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.lastIndex(of: ".").map { String(name[$0...]) } ?? name
    }

    /// What a human reads of a line.
    private func prose(_ line: Substring, _ sign: String) -> Substring? {
        switch sign {
        case "//": line.firstMatch(of: #/(?:^|[^:])//.*$/#)?.output
        case "#": line.firstIndex(of: "#").map { line[$0...] }
        default: line
        }
    }

    /// Whether a text names a folder that is not in the repository.
    ///
    /// Scripts may look for one all the same, and say what they skip without it.
    private func leadsOut(_ text: Substring) -> Bool {
        text.contains(#/(?:^|[\s`"'(=])(?:/work|facts)//#)
            || text.matches(of: #/(?:\.\./)+(?<folder>[\w-]+)(?=[/`\s)]|$)/#).contains { match in
                !Repository.exists(String(match.folder))
            }
    }

    @Test func `send their reader to no folder outside the repository`() throws {
        let files = try files()
        #expect(files.count > 500)
        var offences: [String] = []
        for (path, sign) in files {
            let text = try Repository.text(of: path)
            guard ["../", "/work/", "facts/"].contains(where: { text.contains($0) }) else { continue }
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                guard let words = prose(line, sign), leadsOut(words) else { continue }
                offences.append("\(path):\(number + 1): \(words.prefix(120))")
            }
        }
        #expect(offences == [], "cite the specification or the upstream source, or tell it in docs/gotchas.md")
    }

    @Test(arguments: [
        ("see ../shared/lab", true), ("`../shared`", true), ("in /work/notes", true), ("facts/oauth.md", true),
        ("built by ../fuzz.sh", false), ("[the unit](../systemd/impact-notifier.service)", false),
        ("python3 ../../../Tests/Interop/autobahn/cases.py", false), ("$work/daemons.log", false),
        ("rule_files: [../example.yaml]", false), ("artefacts/", false),
    ]) func `are looked at for that`(text: String, isOffence: Bool) {
        #expect(leadsOut(text[...]) == isOffence)
    }
}
