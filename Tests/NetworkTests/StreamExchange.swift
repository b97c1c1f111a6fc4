import Glibc
import Sandbox

@testable import Network

/// Drives a byte stream from a test, on a thread that may block.
enum StreamExchange {
    /// What a connection came to.
    struct Report: Sendable {
        var answer: [UInt8] = []
        var version: String?
        var isResumed = false
        var failure: StreamError?
    }

    /// Opens a stream, writes `ping`, and reads to the end, or leaves without a word once there is an answer.
    static func run(_ connector: StreamConnector, _ url: WebURL, leaves: Bool = false) async throws -> Report {
        let executor = try ThreadExecutor(name: "exchange")
        return await withTaskExecutorPreference(executor) { await exchange(connector, url, leaves) }
    }

    @concurrent
    private static func exchange(_ connector: StreamConnector, _ url: WebURL, _ leaves: Bool) async -> Report {
        var report = Report()
        do throws(StreamError) {
            let wakeUp = try WakeUp()
            var stream = try connector.open(url, wakeUp: wakeUp)
            report.version = stream.tlsVersion
            report.isResumed = stream.isResumed
            let deadline = ContinuousClock.now + .seconds(10)
            let request = Array("ping".utf8)
            _ = unsafe try stream.write(request.span.bytes)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 16)
            defer { unsafe buffer.deallocate() }
            while true {
                let outcome = unsafe try stream.read(into: buffer)
                switch outcome {
                case .bytes(let count):
                    unsafe report.answer.append(contentsOf: buffer[..<count])
                    if leaves, report.answer.count == 4 { return report }
                    guard !stream.mayHaveMore else { continue }
                    try stream.wait(.readable, wakeUp, until: deadline, during: "the test")
                case .blocked(let interest): try stream.wait(interest, wakeUp, until: deadline, during: "the test")
                case .end:
                    stream.finishWriting()
                    return report
                }
            }
        } catch {
            report.failure = error
        }
        return report
    }
}

extension LoopbackListener {
    /// Says so much to whoever connects, and no more; the connection stays open: whoever waits for more meets the deadline.
    func say(_ words: String) {
        serve { socket, _ in
            let bytes = Array(words.utf8)
            _ = unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            var byte: UInt8 = 0
            while unsafe recv(socket, &byte, 1, 0) > 0 {}
            close(socket)
        }
    }
}
