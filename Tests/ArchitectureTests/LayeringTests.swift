import Foundation
import Testing

/// Who may import whom (docs/architecture.md): the compiler does not check it, for modules are found however they come.
@Suite struct `The layers` {
    /// What every target may use: the language's own modules.
    private static let everywhere: Set = ["Dispatch", "Glibc", "Synchronization"]

    private static let allowed: [String: Set<String>] = [
        "CCurl": [], "COpenSSL": [], "CZlib": [], "CMicroHTTPD": [], "CLinux": [],
        "Crypto": ["COpenSSL"],
        "Network": ["CCurl", "COpenSSL", "CMicroHTTPD", "CLinux", "Logging", "Metrics"],
        "WebSocket": ["Network", "Crypto", "CZlib", "Logging", "Metrics"],
        "ATProtocol": ["Network", "Crypto", "Logging", "Metrics"],
        "Firehose": ["WebSocket", "ATProtocol", "Network", "Crypto", "CZlib", "Logging", "Metrics"],
        "Backfill": ["Firehose", "ATProtocol", "Network", "Logging"],
        "OAuth": ["ATProtocol", "Network", "Crypto", "CLinux", "Logging", "Metrics"],
        "Templates": ["ATProtocol", "Network"],
        "LedgerStorage": ["ATProtocol", "Network", "GRDB"],
        "Outputs": ["ATProtocol", "Network", "Crypto", "CLinux"],
        "Notifier": [
            "LedgerStorage", "Templates", "Outputs", "Backfill", "Firehose", "ATProtocol", "Network", "Crypto", "GRDB",
            "Logging", "Metrics",
        ],
        "ImpactNotifier": [
            "Notifier", "LedgerStorage", "Templates", "OAuth", "Backfill", "Firehose", "WebSocket", "ATProtocol",
            "Network", "Crypto", "CLinux", "ArgumentParser", "Yams", "Logging", "Metrics",
        ],
        "Sandbox": ["ATProtocol", "Crypto", "Network", "CLinux", "CZlib", "Logging"],
        "ImpactSandbox": ["Sandbox", "ATProtocol", "Network", "ArgumentParser"],
        "TestSupport": ["Sandbox", "ATProtocol", "Network", "COpenSSL", "Logging", "Foundation"],
    ]

    @Test func `every target stands in the table`() throws {
        #expect(try Repository.targets().filter { Self.allowed[$0] == nil } == [])
    }

    @Test func `a target imports only what the table allows`() throws {
        var offences: [String] = []
        for path in try Repository.swiftFiles(in: "Sources", "Tests/TestSupport") {
            let target = String(path.split(separator: "/")[1])
            let allowed = Self.everywhere.union(Self.allowed[target] ?? []).union(["FoundationEssentials"])
            for module in try imports(in: path) where !allowed.contains(module) {
                offences.append("\(path) imports \(module)")
            }
        }
        #expect(offences == [], "see docs/architecture.md for what each target may import")
    }

    @Test func `the arrows point one way`() {
        // A target may reach only targets that cannot reach it.
        func reach(_ target: String, _ seen: Set<String> = []) -> Set<String> {
            (Self.allowed[target] ?? []).reduce(into: seen) { seen, next in
                if seen.insert(next).inserted { seen.formUnion(reach(next, seen)) }
            }
        }
        for target in Self.allowed.keys { #expect(!reach(target).contains(target), "\(target) reaches itself") }
    }

    /// The modules that a file imports, without access level, attribute and kind.
    private func imports(in path: String) throws -> [String] {
        let pattern =
            #/^(?:@\w+ )*(?:(?:public|package|internal|fileprivate|private) )?import (?:(?:struct|class|enum|protocol|func|var|let|typealias) )?(?<module>\w+)/#
        return try Repository.lines(of: path).compactMap { line in
            line.prefixMatch(of: pattern).map { String($0.module) }
        }
    }
}
