import Glibc
import Testing

@testable import Notifier

@Suite struct `The model check` {
    /// The longest histories behind each scenario's start: docs/development.md.
    private static let depth =
        unsafe getenv("IMPACT_NOTIFIER_MODEL_DEPTH").flatMap { unsafe Int(String(cString: $0)) } ?? 4

    @Test func `every interleaving tells everybody once and what is true, or says why not`() async throws {
        var coverage: Set<String> = []
        try await withThrowingTaskGroup(of: ModelSearch.self) { group in
            var waiting = ModelScenario.all[...]
            for _ in 0..<2 { if let next = waiting.popFirst() { group.addTask { try await Self.walk(next) } } }
            while let search = try await group.next() {
                for (fault, way) in search.faults {
                    Issue.record("\(fault)\n  when \(search.scenario.name), after \(way.joined(separator: ", "))")
                }
                coverage.formUnion(search.coverage)
                if let next = waiting.popFirst() { group.addTask { try await Self.walk(next) } }
            }
        }
        // A check that takes no such step any more proves nothing; shorter histories do not get everywhere.
        guard Self.depth >= 4 else { return }
        #expect(ModelCoverage.steps.subtracting(coverage) == [])
        let missing = ModelCoverage.required.filter { ending in !coverage.contains { $0.hasSuffix(ending) } }
        #expect(missing == [])
    }

    private static func walk(_ scenario: ModelScenario) async throws -> ModelSearch {
        var search = try ModelSearch(scenario)
        try await search.walk(depth: depth)
        return search
    }
}
