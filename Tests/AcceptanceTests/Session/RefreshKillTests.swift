import Sandbox
import TestSupport
import Testing

/// Guards invariants 5 and 13 for the process as a whole: the daemon may be killed at any instant of a refresh.
@Suite(.serialized, .timeLimit(.minutes(6)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon that is killed while it refreshes` {
    private static let rounds = 70
    private static let campaigns: UInt64 = 2

    @Test func `loses in 70 SIGKILLs no session but those whose new tokens nobody had received`() async throws {
        let seed = randomSeed()
        let counts = try await withThrowingTaskGroup(of: [RefreshKills.Moment: RefreshKills.Count].self) { group in
            for number in 0..<Self.campaigns {
                group.addTask {
                    var kills = try await RefreshKills(seed: seed &+ number)
                    let moments = RefreshKills.Moment.allCases
                    for round in stride(from: Int(number), to: Self.rounds, by: Int(Self.campaigns)) {
                        try await kills.strike(moments[round / Int(Self.campaigns) % moments.count])
                    }
                    try await kills.end()
                    return kills.counts
                }
            }
            return try await group.reduce(into: [:]) { sum, part in
                sum.merge(part) { .init(lived: $0.lived + $1.lived, lost: $0.lost + $1.lost) }
            }
        }
        for moment in RefreshKills.Moment.allCases {
            let count = counts[moment] ?? .init()
            print("killed when \(moment): \(count.lived) lived, \(count.lost) lost")
        }
        let lived = counts.values.reduce(0) { $0 + $1.lived }
        let lost = counts.values.reduce(0) { $0 + $1.lost }
        print("\(lived + lost) SIGKILLs in refreshes: \(lived) sessions lived, \(lost) were lost by rotation")
        #expect(lived + lost == Self.rounds)
        #expect(counts[.unanswered]?.lost == 0, "the server has not rotated")
        #expect(lived > Self.rounds / 5 && lost > Self.rounds / 10, "the kills do not strike where they should")
    }
}
