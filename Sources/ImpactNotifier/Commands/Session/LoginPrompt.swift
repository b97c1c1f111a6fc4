internal import Dispatch
internal import OAuth

/// Waits for the callback of a login from two sources: the listener, and a pasted address.
struct LoginPrompt: Sendable {
    private let listener: CallbackListener?

    /// A prompt, with the login's listener if there is one.
    init(_ listener: CallbackListener?) { self.listener = listener }

    /// The callback that comes first; nil when neither source can bring one any more.
    func callback() async -> String? {
        let lines = Self.pastedLines()
        return await withTaskGroup(of: String?.self) { group in
            if let listener { group.addTask { await listener.callback() } }
            group.addTask {
                for await line in lines where line.contains("state=") { return line }
                return nil
            }
            for await callback in group {
                guard let callback else { continue }
                group.cancelAll()
                return callback
            }
            return nil
        }
    }

    /// The lines of standard input, read on a thread that nobody waits for, because reading a terminal cannot be
    /// cancelled.
    private static func pastedLines() -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        DispatchQueue(label: "login-prompt").async {
            while let line = readLine(strippingNewline: true) { continuation.yield(line) }
            continuation.finish()
        }
        return stream
    }
}
