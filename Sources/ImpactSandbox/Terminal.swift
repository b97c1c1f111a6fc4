internal import Glibc
internal import Synchronization

/// Writes whole blocks to standard output, one after the other, whoever writes them.
final class Terminal: Sendable {
    private let lock = Mutex(())
    private let isColoured = isatty(1) == 1

    /// A line as it is.
    func line(_ text: String) { write([text]) }

    /// A line of the demo's own.
    func say(_ text: String) { write([bold("demo   | ") + text]) }

    /// A line that the daemon has logged.
    func daemon(_ line: String) { write([dim("daemon | " + line)]) }

    /// A message that has arrived.
    func message(to handle: String, _ text: String) {
        let rule = String(repeating: "─", count: 56)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { "       │ \($0)" }
        write(
            [bold("       ┌─ direct message to \(handle) \(rule.dropFirst(handle.count))")] + lines + [
                bold("       └─\(rule)")
            ]
        )
    }

    private func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func dim(_ text: String) -> String { isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

    private func write(_ lines: [String]) {
        lock.withLock { _ in
            var rest = Array((lines.joined(separator: "\n") + "\n").utf8)[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(1, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest.removeFirst(count)
            }
        }
    }
}
