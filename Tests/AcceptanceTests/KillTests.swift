import Glibc
import Sandbox
import TestSupport
import Testing

/// Guards invariants 1 and 3: the daemon may be killed at any instant.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon that is killed` {
    @Test func `sends 200 messages for 200 requests through 20 SIGKILLs, none twice`() async throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        // One message may be interrupted more than once: two sends without a trace would be for a human.
        let stage = try await Stage(owners: 20, overrides: ["sending.settle": "500ms", "sending.maximum_sends": "5"])
        let writer = Task {
            var written: [String] = []
            for number in 0..<200 {
                written.append(try stage.ask("Request \(number).", of: number % 20))
                try await Task.sleep(for: .milliseconds(70))
            }
            return written
        }
        var process = try stage.daemon.run()
        for _ in 0..<20 {
            // The one place where a test sleeps on purpose: the moment of death is the input.
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...900, using: &generator)))
            #expect(process.ending == nil, tail(process))
            try await stage.kill(process)
            process = try stage.daemon.run()
        }
        let written = try await writer.value
        let stored = await stage.messages(reaching: 200, within: .seconds(120), unless: process)
        var stories: [String] = []
        for number in 0..<200 where stored < 200 && stage.count("Request \(number).") == 0 {
            let explain = try stage.daemon.start("explain", [written[number]])
            _ = await explain.ended(within: .seconds(20))
            stories.append("Request \(number).")
            stories += explain.output
        }
        #expect(stored == 200, Comment(rawValue: stories.joined(separator: "\n")))
        // A double would come when the last interrupted sends are verified.
        _ = await stage.messages(reaching: 201, within: .seconds(2), unless: process)
        let counts = (0..<200).map { stage.count("Request \($0).") }
        #expect(counts.allSatisfy { $0 == 1 }, "\(counts)")
        #expect(stage.network.chat.messages.count == 200)
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `tells each of 120 requests once when they are collected, through 10 SIGKILLs`() async throws {
        let seed = randomSeed()
        var generator = SeededGenerator(seed: seed)
        let stage = try await Stage(
            owners: 6,
            overrides: [
                "sending.settle": "300ms", "sending.maximum_sends": "5", "digest.maximum_listed": "5",
                "digest.window": "400ms",
            ]
        )
        let writer = Task {
            for number in 0..<120 {
                try stage.ask("Request \(number).", of: number % 6)
                try await Task.sleep(for: .milliseconds(40))
            }
        }
        var process = try stage.daemon.run()
        for _ in 0..<10 {
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...700, using: &generator)))
            #expect(process.ending == nil, tail(process))
            try await stage.kill(process)
            process = try stage.daemon.run()
        }
        try await writer.value
        // A message speaks of one request, or says at its beginning of how many.
        func told() -> Int {
            stage.network.chat.messages.reduce(0) { count, message in
                guard message.text.contains(" new change requests for your projects:") else { return count + 1 }
                return count + (Int(message.text.prefix { $0 != " " }) ?? 0)
            }
        }
        let deadline = ContinuousClock.now + .seconds(40)
        while told() < 120, ContinuousClock.now < deadline {
            let count = stage.network.chat.messages.count
            _ = await stage.messages(reaching: count + 1, within: .seconds(5), unless: process)
        }
        _ = await stage.messages(reaching: .max, within: .seconds(2), unless: process)
        #expect(told() == 120, tail(process))
        #expect(stage.network.chat.messages.count < 120)
        #expect((0..<120).allSatisfy { stage.count("Request \($0).") <= 1 })
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `confirms a word to stop once`() async throws {
        let overrides = ["sending.settle": "500ms", "sending.answers_interval": "1s"]
        let stage = try await Stage(owners: 2, overrides: overrides)
        var process = try stage.daemon.run()
        try stage.ask("First")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        stage.network.faults.add(Fault(.delay(.seconds(30))), on: "sendMessage", count: 10)
        stage.network.chat.write(from: stage.owners[0].did, to: stage.bot.did, "s\u{336}t\u{336}o\u{336}p\u{336} 🙏")
        // The owner's word, and the answer that the daemon never hears of.
        #expect(await stage.messages(reaching: 3, within: .seconds(20), unless: process) == 3, tail(process))
        try await stage.kill(process)
        stage.network.faults.clear()
        process = try stage.daemon.run()
        try stage.ask("Second")
        try stage.ask("Third", of: 1)
        #expect(await stage.messages(reaching: 4, within: .seconds(20), unless: process) == 4, tail(process))
        _ = await stage.messages(reaching: 5, within: .seconds(2), unless: process)
        #expect(stage.count("Second") == 0 && stage.count("Third") == 1)
        #expect(stage.network.chat.messages.filter { $0.text.contains("Answer START") }.count == 1)
    }

    @Test func `does what an owner asks for, and says it once, with a SIGKILL behind each word`() async throws {
        let stage = try await Stage(overrides: ["sending.settle": "300ms", "sending.answers_interval": "1s"])
        var process = try stage.daemon.run()
        try stage.ask("First")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let talk = [
            ("help", "Answer STATUS"), ("digest daily", "one message a day at the most. ["),
            ("mute Engine 7", "no messages about “Engine” for 7 days"), ("status", "Nothing waits for you."),
            ("stop", "Answer START to get them again. ["), ("start", "Answer STOP to get no more. ["),
        ]
        for (number, (word, _)) in talk.enumerated() {
            stage.network.chat.write(from: stage.owners[0].did, to: stage.bot.did, word)
            let count = 3 + 2 * number
            #expect(
                await stage.messages(reaching: count, within: .seconds(20), unless: process) == count,
                tail(process)
            )
            try await stage.kill(process)
            process = try stage.daemon.run()
        }
        _ = await stage.messages(reaching: 14, within: .seconds(3), unless: process)
        #expect(stage.network.chat.messages.count == 13, tail(process))
        for (word, answer) in talk {
            #expect(stage.network.chat.messages.count { $0.text.contains(answer) } == 1, "\(word)")
        }
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `does not repeat a message whose answer it never saw`() async throws {
        let stage = try await Stage(overrides: ["sending.settle": "500ms"])
        stage.network.faults.add(Fault(.delay(.seconds(30))), on: "sendMessage", count: 10)
        var process = try stage.daemon.run()
        try stage.ask("Held")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        try await stage.kill(process)
        stage.network.faults.clear()
        process = try stage.daemon.run()
        try stage.ask("Next")
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
        _ = await stage.messages(reaching: 3, within: .seconds(2), unless: process)
        #expect(stage.count("Held") == 1)
        #expect(stage.count("Next") == 1)
    }
}
