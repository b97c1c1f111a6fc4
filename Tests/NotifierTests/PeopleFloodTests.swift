import ATProtocol
import Firehose
import Foundation
import LedgerStorage
import Network
internal import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// One author's flood of requests at projects with many people; as large as `IMPACT_NOTIFIER_PEOPLE` says.
///
/// By hand: `IMPACT_NOTIFIER_PEOPLE=5000x50`.
@Suite(.timeLimit(.minutes(60))) struct `A flood of requests at projects with many people` {
    private static let size = ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_PEOPLE"] ?? "200x12"
    private static let projects = 20
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz")

    private static func did(_ kind: String, _ number: Int) -> DID {
        World.did("\(kind)x\(alphabet[number / 26 % 26])\(alphabet[number % 26])x")
    }

    @Test func `brings nobody more than their limit, and nothing to whom nobody confirms`() async throws {
        let numbers = Self.size.split(separator: "x").compactMap { Int($0) }
        let (requests, people) = (try #require(numbers.first), try #require(numbers.last))
        let owners = (0..<Self.projects).map { Self.did("owner", $0) }
        let collaborators = (0..<people).map { Self.did("works", $0) }
        let liars = (0..<people).map { Self.did("liar", $0) }
        let network = PeopleNetwork()
        for owner in owners {
            let project = "at://\(owner)/com.example.project/p1"
            network.change { $0.records[project] = ["name": "Windmill"] }
            // Everybody works on every project: what they hear comes of all of them.
            for person in collaborators { network.grant(person, by: owner, of: project) }
        }
        // The index names everybody, of whom no owner's repository says it, too; the author grants what is not theirs.
        let named = (collaborators + liars).map { JSONValue.object(["subject": .string($0.text)]) }
        network.change { $0.index = (200, ["items": .array(named)]) }
        for liar in liars { network.grant(liar, by: World.author) }
        var world = try network.world([.owner, .collaborator])
        world.configuration.rules = [
            try PeopleNetwork.rule([.owner, .collaborator]) { text in
                text.maximumPeople = 100
                text.collaborators?.query = "https://index.example.com/people?project={{reference}}"
                text.collaborators?.people = "items[*].subject"
            }
        ]
        (world.configuration.policy.ownerHourlyLimit, world.configuration.policy.ownerDailyLimit) = (3, 5)
        let batches = try stride(from: 1, through: requests, by: 50).map { first in
            World.batch(
                try (first..<min(first + 50, requests + 1)).map { number in
                    try World.event(number, for: owners[number % owners.count], at: world.clock)
                }
            )
        }
        let recipients = owners + collaborators
        let jobs = requests * (people + 1)
        func check(limit: Int) async throws {
            // An owner hears of their own project alone, which may have fewer requests than the limit.
            let told = owners.indices.reduce(people * limit) { sum, number in
                sum + min(limit, (1...requests).count { $0 % owners.count == number })
            }
            try await world.run([]) { $0[.delivered] == told && $0.values.reduce(0, +) == jobs }
            let counts = Dictionary(grouping: world.chat.messages, by: \.owner).mapValues(\.count)
            #expect(counts.count == recipients.count && counts.values.allSatisfy { $0 <= limit })
            #expect(liars.allSatisfy { counts[$0] == nil } && counts[World.author] == nil)
        }
        for (number, batch) in batches.enumerated() {
            let known = min(requests, (number + 1) * 50) * (people + 1)
            try await world.run([batch]) { $0.values.reduce(0, +) == known && $0[.lookup] == nil }
        }
        try await check(limit: 3)
        world.clock.advance(.seconds(3601))
        try await check(limit: 5)
        let desk = try await world.directory.ledger().desk
        let uri = try #require(try await desk.jobs(limit: 1).first?.uri)
        let lies = try await desk.history(of: uri).attempts.count { $0.reason == .collaboratorUnconfirmed }
        #expect(lies == min(people, 10), "each lie with its reason, ten of them at the most")
    }
}
