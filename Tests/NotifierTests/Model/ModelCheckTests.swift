import Glibc
import Testing

@testable import Notifier

@Suite struct `The model check` {
    /// Depth 4 takes less than a minute; IMPACT_NOTIFIER_MODEL_DEPTH=6 is for nights.
    private static let depth =
        unsafe getenv("IMPACT_NOTIFIER_MODEL_DEPTH").flatMap { unsafe Int(String(cString: $0)) } ?? 4

    @Test(arguments: ModelScenario.all)
    func `every interleaving tells everybody once, or says why not`(_ scenario: ModelScenario) async throws {
        var search = try ModelSearch(scenario)
        let start = ContinuousClock.now
        try await search.walk(depth: Self.depth)
        print(
            "MODEL \(scenario.name): \(search.states) states, \(search.transitions) steps, \(ContinuousClock.now - start)"
        )
        for (fault, way) in search.faults { Issue.record("\(fault)\n  after \(way.joined(separator: ", "))") }
        for line in search.coverage.sorted() { print("COVER \(line)") }
    }
}
