import Glibc
import Logging
import Testing

@testable import ImpactNotifier

@Suite struct `The log's output` {
    /// A pipe whose writing end the output writes to.
    private func withPipe<R>(_ body: (_ reading: Int32, _ writing: Int32) throws -> R) throws -> R {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        return try body(ends[0], ends[1])
    }

    private func read(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    private func logger(_ output: LogOutput) -> Logger {
        Logger(label: "test") { LineLogHandler(component: $0, output: output) }
    }

    @Test func `a change of level and format reaches loggers that exist`() throws {
        try withPipe { reading, writing in
            let output = LogOutput(format: .logfmt, level: .warning, descriptor: writing, isJournal: true)
            let logger = logger(output)
            logger.info("unseen")
            output.level = .info
            output.format = .json
            logger.info("seen", metadata: ["host": "a"])
            #expect(read(reading) == #"<6>{"level":"info","msg":"seen","component":"test","host":"a"}"# + "\n")
        }
    }

    @Test func `metadata of the event wins over the logger's own`() throws {
        try withPipe { reading, writing in
            let output = LogOutput(format: .logfmt, level: .info, descriptor: writing, isJournal: true)
            var logger = logger(output)
            logger[metadataKey: "host"] = "a"
            logger[metadataKey: "did"] = "b"
            logger.notice("m", metadata: ["host": "c"])
            #expect(read(reading) == "<5>level=notice msg=m component=test did=b host=c\n")
        }
    }

    @Test func `a reader that stops reading costs lines, not time, and they are counted`() throws {
        try withPipe { reading, writing in
            let output = LogOutput(format: .logfmt, level: .info, descriptor: writing, isJournal: true)
            let logger = logger(output)
            let start = ContinuousClock.now
            for _ in 0..<2000 { logger.info("x", metadata: ["pad": .string(String(repeating: "x", count: 900))]) }
            #expect(ContinuousClock.now - start < .seconds(50))  // 2000 waits of 50 ms would be 100 s
            #expect(output.droppedLines > 1000)
            _ = read(reading)
            let dropped = output.droppedLines
            logger.info("room again")
            #expect(output.droppedLines == dropped)
        }
    }

    @Test func `lines of many threads do not mix`() async throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        let output = LogOutput(format: .logfmt, level: .info, descriptor: writing, isJournal: true)
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    let logger = logger(output)
                    for _ in 0..<10 { logger.info("m", metadata: ["n": "\(task)"]) }
                }
            }
        }
        close(writing)
        let lines = read(reading).split(separator: "\n")
        #expect(lines.count == 80)
        #expect(lines.allSatisfy { $0.hasPrefix("<6>level=info msg=m component=test n=") && $0.utf8.count == 38 })
    }

    @Test func `the journal is recognised by device and inode, not by the variable alone`() throws {
        try withPipe { reading, writing in
            var status = stat()
            try #require(unsafe fstat(writing, &status) == 0)
            #expect(LogOutput.matchesJournal("\(status.st_dev):\(status.st_ino)", descriptor: writing))
            #expect(!LogOutput.matchesJournal("\(status.st_dev):\(status.st_ino + 1)", descriptor: writing))
            #expect(!LogOutput.matchesJournal("", descriptor: writing))
            #expect(!LogOutput.matchesJournal("8:1", descriptor: -1))
        }
    }
}
