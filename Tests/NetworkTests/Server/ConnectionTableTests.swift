import Sandbox
import TestSupport
import Testing

@testable import Network

@Suite struct `The connections of a server` {
    private static let start = ContinuousClock.now

    private func table(_ total: Int, perAddress: Int) -> ConnectionTable {
        var limits = ServerLimits()
        limits.connections = total
        limits.connectionsPerAddress = perAddress
        limits.duration = .seconds(10)
        return ConnectionTable(limits: limits)
    }

    private func time(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    @Test func `of one address give way to its own newer ones, the oldest first`() {
        var table = table(9, perAddress: 2)
        #expect(table.open(5, from: [1], at: time(0)) == nil)
        #expect(table.open(6, from: [2], at: time(1)) == nil)
        #expect(table.open(7, from: [1], at: time(2)) == nil)
        #expect(table.open(8, from: [1], at: time(3)) == 5)
        // The first is ending, and counts no more.
        #expect(table.open(9, from: [1], at: time(4)) == 7)
        table.close(5)
        #expect(table.count == 4)
    }

    @Test func `of all addresses give way when there are too many`() {
        var table = table(3, perAddress: 2)
        for number in 0..<3 as Range<Int32> {
            #expect(table.open(number, from: [UInt8(number)], at: time(Double(number))) == nil)
        }
        #expect(table.open(3, from: [3], at: time(3)) == 0)
        table.close(1)
        #expect(table.open(4, from: [4], at: time(4)) == nil)
        #expect(table.open(5, from: [5], at: time(5)) == 2)
    }

    @Test func `end when their time is up, each once`() {
        var table = table(9, perAddress: 9)
        #expect(table.nextDeadline == nil)
        _ = table.open(1, from: [1], at: time(0))
        _ = table.open(2, from: [1], at: time(4))
        #expect(table.nextDeadline == time(10))
        #expect(table.expire(at: time(9.9)) == [])
        #expect(table.expire(at: time(10)) == [1])
        #expect(table.expire(at: time(11)) == [])
        #expect(table.nextDeadline == time(14))
        table.close(2)
        #expect(table.nextDeadline == nil)
        #expect(table.expire(at: time(60)) == [])
    }

    @Test func `stay within the limits, and a newcomer is never the one to go`() {
        var random = SeededGenerator(seed: randomSeed())
        var (table, now) = (table(8, perAddress: 3), time(0))
        var open: [Int32: (source: UInt8, isEnding: Bool)] = [:]
        for _ in 0..<5000 {
            now += .milliseconds(Int.random(in: 0...800, using: &random))
            for ended in table.expire(at: now) { open[ended]?.isEnding = true }
            if Bool.random(using: &random), let closed = open.keys.randomElement(using: &random) {
                table.close(closed)
                open[closed] = nil
                continue
            }
            guard let descriptor = (0..<64).first(where: { open[$0] == nil }) else { continue }
            let source = UInt8.random(in: 0..<6, using: &random)
            open[descriptor] = (source, false)
            if let gone = table.open(descriptor, from: [source], at: now) {
                #expect(gone != descriptor && open[gone]?.isEnding == false)
                open[gone]?.isEnding = true
            }
            let remaining = open.values.filter { !$0.isEnding }
            #expect(remaining.count <= 8 && remaining.count { $0.source == source } <= 3)
            #expect(table.count == open.count)
        }
    }
}
