import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `Two hosts at once` {
    /// Longer than a busy machine stops the sandbox between two hosts.
    private static let window = Duration.seconds(1)
    /// What it takes to judge a host, in microseconds.
    private static let judgement = window.microseconds * 4 / 3

    private func configuration(_ sandbox: FollowedSandbox, _ hosts: WebURL...) throws -> StreamConfiguration {
        var configuration = try sandbox.configuration()
        configuration.hosts = hosts.map { StreamSource($0) }
        configuration.parallelHosts = 2
        configuration.missWindow = Self.window
        sandbox.age()
        return configuration
    }

    /// Waits until each of these has a client.
    private func subscribed(_ sandbox: FollowedSandbox, _ hosts: StreamHost...) async {
        await sandbox.positions.take(from: sandbox.batchQueue) { _ in hosts.allSatisfy { $0.subscriberCount == 1 } }
    }

    private func report(_ follower: StreamFollower, _ host: WebURL) throws -> HostReport {
        try #require(follower.hosts.reports.first { $0.host == host.authority })
    }

    @Test(arguments: [SandboxWire.jetstream2, .jetstream1, .relay])
    func `what one host loses comes by the other, and is counted and named`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox(hosts: 2, tracer: .milliseconds(10))
        let (good, deaf) = (sandbox.network.streamHosts[0], sandbox.network.streamHosts[1])
        let (first, second) = (good.url(.jetstream2), deaf.url(wire))
        try await sandbox.following(configuration(sandbox, first, second), subscriptions: 2) { follower in
            // Both are to be read for the length of the window before anybody is judged.
            await sandbox.positions.take(from: sandbox.batchQueue) { _ in
                follower.hosts.reports.count == 2
                    && follower.hosts.reports.allSatisfy { ($0.until ?? 0) - ($0.since ?? 0) > Self.judgement }
            }
            let heard = try (0..<5).map { try sandbox.write($0) }
            deaf.turnDeaf(to: ["commit"])
            let lost = try (5..<8).map { try sandbox.write($0) }
            deaf.hear()
            let later = try (8..<10).map { try sandbox.write($0) }
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                let isAllHere = Set(positions.created).isSuperset(of: heard + lost + later)
                return isAllHere && follower.hosts.reports.contains { $0.missed >= 3 }
            }
            // Long enough that misses of the others would have been noticed, too.
            let end = sandbox.network.clock.now().microseconds
            await sandbox.positions.take(from: sandbox.batchQueue) { _ in
                follower.hosts.reports.allSatisfy { ($0.until ?? 0) > end + Self.judgement }
            }
            #expect(try report(follower, second).missed == 3 && report(follower, second).late == 0)
            #expect(try report(follower, first).missed == 0)
            let named = sandbox.log.metadata(of: "stream host missed an event")
            #expect(named.count == 1, "one line a host in a minute")
            #expect(named.first?["host"] == second.authority)
            #expect(lost.contains(named.first?["uri"] ?? ""))
        }
        // A relay that is joined for the first time begins live, and misses nothing if it was joined before the other.
        #expect(sandbox.positions.gaps.count <= 1)
        let others = sandbox.positions.gaps.filter { wire != .relay || $0.reason != .hostChanged }
        #expect(others.isEmpty)
    }

    @Test func `either host may be down, and nothing is lost or declared`() async throws {
        let sandbox = try await FollowedSandbox(hosts: 2, tracer: .milliseconds(20))
        let hosts = sandbox.network.streamHosts
        var uris: [String] = []
        let configuration = try configuration(sandbox, hosts[0].url(.jetstream2), hosts[1].url(.jetstream1))
        try await sandbox.following(configuration, subscriptions: 2) { follower in
            await subscribed(sandbox, hosts[0], hosts[1])
            for (number, host) in [hosts[0], hosts[1], hosts[0]].enumerated() {
                let name = host === hosts[0] ? "stream GET" : "stream2 GET"
                sandbox.network.faults.add(.respond(HTTPResponse(status: 503)), on: name, count: 1000)
                host.inflict(.drop)
                for part in 0..<5 { uris.append(try sandbox.write(number * 10 + part)) }
                await sandbox.take(uris)
                sandbox.network.faults.clear()
                await sandbox.positions.take(from: sandbox.batchQueue) { _ in
                    follower.hosts.reports.count(where: \.isConnected) == 2
                }
            }
            // The one that was down is asked for what it has had meanwhile, so that each event came from both.
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                uris.allSatisfy { uri in positions.created.count { $0 == uri } >= 2 }
            }
            #expect(follower.hosts.reports.allSatisfy { $0.missed == 0 })
        }
        #expect(Set(sandbox.positions.created) == Set(uris) && sandbox.positions.gaps.isEmpty)
    }

    @Test func `a gap of one host that the other was read over is covered`() async throws {
        let sandbox = try await FollowedSandbox(hosts: 2, tracer: .milliseconds(20))
        let hosts = sandbox.network.streamHosts
        var configuration = try configuration(sandbox, hosts[0].url(.jetstream2), hosts[1].url(.jetstream2))
        configuration.hostChangeMargin = .milliseconds(100)
        try await sandbox.following(configuration, subscriptions: 2) { follower in
            let first = try sandbox.write(1)
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                positions.created.count { $0 == first } == 2
                    && follower.hosts.reports.allSatisfy { ($0.until ?? 0) - ($0.since ?? 0) > Self.judgement }
            }
            hosts[1].renumber(from: 5)
            await sandbox.positions.take(from: sandbox.batchQueue) { !$0.gaps.isEmpty }
            let gap = try #require(sandbox.positions.gaps.first)
            #expect(gap.host == hosts[1].url(.jetstream2).authority)
            await sandbox.positions.take(from: sandbox.batchQueue) { _ in
                follower.hosts.coverage(of: gap) == .covered(by: hosts[0].url(.jetstream2).authority)
            }
            var earlier = gap
            earlier.from -= 3_600_000_000
            #expect(follower.hosts.coverage(of: earlier) == .none, "nobody was read then")
            var own = gap
            own.host = hosts[0].url(.jetstream2).authority
            #expect(follower.hosts.coverage(of: own) != .covered(by: own.host), "no host covers its own gap")
        }
    }

    @Test func `a third host takes the place of one that fails, and gives it back`() async throws {
        let sandbox = try await FollowedSandbox(hosts: 3, tracer: .milliseconds(20))
        let hosts = sandbox.network.streamHosts
        var configuration = try sandbox.configuration()
        configuration.hosts = hosts.map { StreamSource($0.url(.jetstream2)) }
        configuration.parallelHosts = 2
        sandbox.age()
        try await sandbox.following(configuration, subscriptions: 2) { follower in
            await subscribed(sandbox, hosts[0], hosts[1])
            #expect(hosts[2].subscriberCount == 0)
            sandbox.network.faults.add(.respond(HTTPResponse(status: 503)), on: "stream2 GET", count: 1000)
            hosts[1].inflict(.drop)
            await subscribed(sandbox, hosts[0], hosts[2])
            #expect(hosts[0].subscriberCount == 1 && hosts[1].subscriberCount == 0)
            let uri = try sandbox.write(1)
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                positions.created.count { $0 == uri } == 2
            }
            sandbox.network.faults.clear()
            sandbox.network.clock.advance(by: configuration.failBackDelay * 2)
            await subscribed(sandbox, hosts[0], hosts[1])
        }
        // What the second still owed is known when it is read on.
        #expect(sandbox.positions.gaps.map(\.reason) == [.hostChanged])
    }
}

extension FollowedSandbox {
    /// Lets the hosts grow older than the margin: one that is joined after another would say that it does not go back so
    /// far.
    fileprivate func age() { network.clock.advance(by: .seconds(600)) }
}
