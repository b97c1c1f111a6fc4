import Foundation
import Testing

@Suite struct `The form of the source` {
    @Test func `no file is longer than 400 lines`() throws {
        let long = try Repository.swiftFiles(in: "Sources", "Tests")
            .map { (path: $0, count: try Repository.lines(of: $0).count - 1) }
            .filter { $0.count > 400 }
        #expect(long.map { "\($0.path) has \($0.count) lines" } == [])
    }

    @Test(arguments: [
        (#"\btry!"#, "force try traps on what comes from outside"),
        (#"\bas! "#, "force cast traps on what comes from outside"),
        (#"\bfatalError\("#, "a daemon returns errors"),
        (#"^(internal |public )?import Foundation$"#, "full Foundation costs 45 MB: import FoundationEssentials"),
        (#"\b(TODO|FIXME|XXX|HACK)\b"#, "unfinished work belongs into an issue"),
        (
            #""(\w+_s|count|number|rows|generation)"(\] =|:) "\\\("#,
            "numbers in the log are numbers: .stringConvertible"
        ),
        (#"^\s*(debugP|p)rint\("#, "the log and StandardOutput are the ways out"),
    ]) func `no source holds what the house style forbids`(pattern: String, reason: String) throws {
        let expression = try Regex(pattern).anchorsMatchLineEndings()
        var offences: [String] = []
        for path in try Repository.swiftFiles(in: "Sources") {
            for (number, line) in try Repository.lines(of: path).enumerated()
            where line.firstMatch(of: expression) != nil {
                offences.append("\(path):\(number + 1): \(line.trimmingCharacters(in: .whitespaces))")
            }
        }
        #expect(offences == [], "\(reason)")
    }

    @Test func `every public type and function says in a comment what it is or does`() throws {
        let declaration =
            #/(?:@\w+ )*public (?:(?!let |var )\w+ )*(?:struct|enum|class|actor|protocol|typealias|func|subscript)\b/#
        var offences: [String] = []
        for path in try Repository.swiftFiles(in: "Sources") {
            let lines = try Repository.lines(of: path).map { $0.trimmingCharacters(in: .whitespaces) }
            for (number, line) in lines.enumerated() where line.prefixMatch(of: declaration) != nil {
                let above = lines[..<number].last { !$0.hasPrefix("@") } ?? ""
                if !above.hasPrefix("///") { offences.append("\(path):\(number + 1): \(line)") }
            }
        }
        #expect(offences == [])
    }

    @Test func `swift-format has nothing to say`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swift", "format", "lint", "--strict", "--recursive", "Package.swift", "Sources", "Tests"]
        process.currentDirectoryURL = Repository.root
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus != 127, !text.contains("unable to find") else {
            print("skipped: no swift-format in this toolchain")
            return
        }
        #expect(process.terminationStatus == 0, "run make format; \(text.prefix(4000))")
    }
}
