import Glibc
import Sandbox
import Synchronization

/// A loopback server that answers each request with the next entry of a script, for tests of the client.
final class ScriptedServer: Sendable {
    /// What to do with one request that was read whole.
    enum Step: Sendable {
        /// Write these bytes and keep the connection.
        case answer(String)
        /// Write these bytes and close.
        case answerAndClose(String)
        /// Close without a byte.
        case drop
        /// Say nothing until the client goes away.
        case silence
    }

    private let listener = LoopbackListener()
    private let steps: Mutex<[Step]>
    private let seen = Mutex<[String]>([])

    /// The heads of the requests that were read, in order.
    var requests: [String] { seen.withLock(\.self) }

    init(_ steps: [Step]) {
        self.steps = Mutex(steps)
        listener.serve { [self] connection, _ in
            serve(connection)
            close(connection)
        }
    }

    var port: UInt16 { listener.port }

    func stop() { listener.stop() }

    private func serve(_ connection: Int32) {
        while let head = readRequest(connection) {
            seen.withLock { $0.append(head) }
            switch steps.withLock({ $0.isEmpty ? .drop : $0.removeFirst() }) {
            case .answer(let text): write(text, to: connection)
            case .answerAndClose(let text):
                write(text, to: connection)
                return
            case .drop: return
            case .silence: _ = readRequest(connection)
            }
        }
    }

    private func readRequest(_ connection: Int32) -> String? {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received.append(contentsOf: buffer[..<count])
            let text = String(decoding: received, as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
            let length =
                text.lowercased().firstRange(of: "content-length: ").flatMap { range in
                    Int(text[range.upperBound...].prefix { $0.isNumber })
                } ?? 0
            if text[end.upperBound...].utf8.count >= length { return text }
        }
    }

    private func write(_ text: String, to connection: Int32) {
        let bytes = Array(text.utf8)
        _ = unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
