import Glibc
import Network
import Sandbox
import Synchronization

/// A service manager that listens to a daemon, as systemd does.
final class NotifySocket: Sendable {
    /// What the daemon must have in its environment.
    let environment: [String: String]
    private let descriptor: Int32
    private let heard = Mutex<[(message: String, at: ContinuousClock.Instant)]>([])
    private let news: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// Listens, and wants to hear a ping within the time.
    init(watchdog: Duration) {
        let name = "impact-notifier-acceptance-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        environment = [
            "NOTIFY_SOCKET": "@\(name)", "WATCHDOG_USEC": "\(watchdog.components.seconds * 1_000_000)",
        ]
        (news, continuation) = AsyncStream.makeStream()
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = [0] + Array(name.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe bind(descriptor, address, socklen_t(2 + octets.count))
            }
        }
        _ = PlainThread.start { [self] in listen() }
    }

    private func listen() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            let message = String(decoding: buffer.prefix(count), as: UTF8.self)
            heard.withLock { $0.append((message, .now)) }
            continuation.yield()
            if message == "end" { break }
        }
        close(descriptor)
    }

    /// When pings came.
    var pings: [ContinuousClock.Instant] { heard.withLock(\.self).filter { $0.message == "WATCHDOG=1" }.map(\.at) }

    /// Waits for so many more pings; whether they came in time.
    func hears(pings number: Int, within limit: Duration) async -> Bool {
        let wanted = pings.count + number
        return await news.first(within: limit) { [self] _ in pings.count >= wanted } != nil
    }

    /// The longest time between two pings since a moment.
    func longestSilence(since begun: ContinuousClock.Instant) -> Duration {
        let times = pings.filter { $0 >= begun }
        return zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    }
}
