import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite struct `The time that a stream tells` {
    private static let minute: Int64 = 60_000_000
    private static let day = 1440 * minute
    private static let now: Int64 = 1_790_000_000_000_000

    /// A time in minutes after now, and whose it is.
    typealias Claim = (time: Int64, account: Int)

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Minutes after now; nil when nothing is known but our own clock, which says zero.
        let start: Int64?
        let claims: [Claim]
        let value: Int64
    }

    static let rows: [Row] = [
        Row(
            testDescription: "it follows what our clock allows at once",
            start: -10,
            claims: [(-9, 1), (-3, 1), (4, 1)],
            value: 4
        ),
        Row(
            testDescription: "it never goes back",
            start: -10,
            claims: [(-1, 1), (-60, 2), (-60, 3), (-60, 4)],
            value: -1
        ),
        Row(
            testDescription: "one account moves nothing",
            start: -1,
            claims: [(2880, 1), (43_200, 1), (0, 2)],
            value: 0
        ),
        Row(
            testDescription: "one account moves nothing, however often it speaks",
            start: -1,
            claims: [(2880, 1), (2881, 1), (2882, 1), (2883, 1)],
            value: -1
        ),
        Row(
            testDescription: "two accounts move nothing",
            start: -1,
            claims: [(2880, 1), (43_200, 2), (0, 3)],
            value: 0
        ),
        Row(
            testDescription: "three accounts move it to the least of what they say",
            start: -1,
            claims: [(2880, 1), (180, 2), (43_200, 3)],
            value: 180
        ),
        Row(
            testDescription: "three accounts between which somebody disagrees move nothing",
            start: -1,
            claims: [(2880, 1), (2880, 2), (0, 4), (2880, 3)],
            value: 0
        ),
        Row(
            testDescription: "a stream is followed by a clock that is hours behind it",
            start: -1,
            claims: (0..<9).map { (180 + Int64($0), $0 % 4) },
            value: 186
        ),
        Row(
            testDescription: "a value of the future comes back to the greatest of what three accounts say",
            start: 43_200,
            claims: [(-3, 1), (0, 2), (-1, 3), (-2, 4)],
            value: 0
        ),
        Row(
            testDescription: "a value of the future does not come back for two accounts",
            start: 43_200,
            claims: [(-3, 1), (0, 2), (-1, 1), (43_199, 3), (-1, 1)],
            value: 43_200
        ),
        Row(
            testDescription: "our clock is held until the stream says something",
            start: nil,
            claims: [(43_200, 1)],
            value: 0
        ),
        Row(testDescription: "our clock counts for nothing then", start: nil, claims: [(-4320, 1)], value: -4320),
    ]

    @Test(arguments: rows) func `is moved by what is believed`(row: Row) {
        var witness = WitnessClock(
            Self.now + (row.start ?? 0) * Self.minute,
            isCertain: row.start != nil,
            clock: ManualClock(UnixTime(microseconds: Self.now))
        )
        for claim in row.claims {
            let isNoted = witness.observe(Self.now + claim.time * Self.minute, of: claim.account)
            #expect(isNoted)
        }
        #expect((witness.value - Self.now) / Self.minute == row.value)
    }

    @Test func `asks for the account where a time alone decides nothing`() {
        let clock = ManualClock(UnixTime(microseconds: Self.now))
        var witness = WitnessClock(Self.now, isCertain: true, clock: clock)
        func tell(_ days: Int64, _ account: Int?) -> Bool {
            witness.observe(Self.now + days * Self.day, of: account)
        }
        let asked = [tell(0, nil), tell(2, nil), tell(2, 1), tell(0, nil), tell(0, 2), tell(0, nil)]
        #expect(asked == [true, false, true, false, true, true])
    }

    @Test func `takes the better of two poor times until the stream has told one`() {
        var witness = WitnessClock(Self.now, isCertain: false, clock: ManualClock())
        witness.suggest(Self.now + Self.day)
        #expect(witness.value == Self.now && !witness.isCertain)
        witness.suggest(Self.now - Self.day)
        witness.suggest(Self.now - 2 * Self.day)
        #expect(witness.value == Self.now - Self.day && witness.isCertain)
    }

    @Test func `is never ahead of now by more than five minutes for two liars among honest accounts`() {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let clock = ManualClock(UnixTime(microseconds: Self.now))
            var witness = WitnessClock(Self.now, isCertain: Bool.random(using: &generator), clock: clock)
            for _ in 0..<500 {
                clock.advance(.microseconds(Int64.random(in: 0...Self.minute, using: &generator)))
                let now = clock.now().microseconds
                let account = Int.random(in: 0..<10, using: &generator)
                let isLiar = account < 2
                let error =
                    isLiar
                    ? Int64.random(in: -30 * Self.day...30 * Self.day, using: &generator)
                    : Int64.random(in: -60 * Self.minute...Self.minute, using: &generator)
                _ = witness.observe(now + error, of: account)
                #expect(witness.value <= now + WitnessClock.tolerance, "seed \(seed)")
            }
        }
    }

    @Test func `a relay's time is what most servers say`() {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        var times = ServerTimes()
        for number in 0..<1000 {
            let error = number % 4 == 0 ? Self.now : Int64.random(in: -Self.minute...0, using: &generator)
            let quartile = times.add(Self.now + error)
            #expect((quartile == nil) == (number < 7))
            if let quartile { #expect((Self.now - Self.minute...Self.now).contains(quartile), "seed \(seed)") }
        }
    }
}
