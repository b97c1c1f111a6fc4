internal import CLinux
internal import Glibc
internal import Network

/// The service manager that started us, told of our state through `$NOTIFY_SOCKET` (sd_notify(3), without libsystemd).
///
/// Without that variable every call does nothing.
struct ServiceManager: Sendable {
    private let path: String?

    /// A manager that listens on a datagram socket at this path; `@` begins an abstract name, nil is no manager.
    init(path: String?) {
        self.path = path
    }

    /// The manager named by the environment.
    init(environment: [String: String]) {
        self.init(path: environment["NOTIFY_SOCKET"])
    }

    /// Start-up is complete; also ends a ``reloading()``.
    @discardableResult
    func ready(status: String? = nil) -> Bool {
        send(["READY=1"] + (status.map { [Self.status($0)] } ?? []))
    }

    /// The configuration is being read again; the time lets `Type=notify-reload` distinguish this from an older
    /// message.
    @discardableResult
    func reloading() -> Bool {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return send(["RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)"])
    }

    /// Start-up takes at least this much longer, whatever `TimeoutStartSec` says; repeat it before the time is over.
    @discardableResult
    func startsLater(within time: Duration, status: String) -> Bool {
        send(["EXTEND_TIMEOUT_USEC=\(time.microseconds)", Self.status(status)])
    }

    /// Shutdown has begun.
    @discardableResult
    func stopping() -> Bool {
        send(["STOPPING=1", "STATUS=Stopping."])
    }

    /// One sentence for `systemctl status`.
    @discardableResult
    func status(_ sentence: String) -> Bool {
        send([Self.status(sentence)])
    }

    /// Still alive; needed at least once in the interval of ``watchdogInterval(environment:processID:)``.
    @discardableResult
    func watchdog() -> Bool {
        send(["WATCHDOG=1"])
    }

    /// How often the manager wants to hear from this process; nil for never (sd_watchdog_enabled(3)).
    static func watchdogInterval(environment: [String: String], processID: Int32 = getpid()) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"], let interval = Int64(text), interval > 0 else { return nil }
        if let owner = environment["WATCHDOG_PID"], owner != String(processID) { return nil }
        return .microseconds(interval)
    }

    /// A status assignment; a newline in the sentence would begin another assignment.
    private static func status(_ sentence: String) -> String {
        "STATUS=" + String(sentence.map { $0.isNewline ? " " : $0 })
    }

    /// Sends assignments; true when the manager has them, or there is no manager.
    private func send(_ assignments: [String]) -> Bool {
        guard let path else { return true }
        guard var address = sockaddr_un(path: path) else { return false }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // A manager that does not read must not block us for long.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let message = Array(assignments.joined(separator: "\n").utf8)
        // The address ends with the path, because octets after an abstract name would be part of it.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), address, length)
            }
        } == message.count
    }
}

extension sockaddr_un {
    /// The address of a path, or of an abstract name that begins with `@`; nil when it is too long or of another kind.
    fileprivate init?(path: String) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        var octets = Array(path.utf8)
        guard octets.first == UInt8(ascii: "@") || octets.first == UInt8(ascii: "/"),
            octets.count < MemoryLayout.size(ofValue: sun_path)
        else { return nil }
        if octets[0] == UInt8(ascii: "@") { octets[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &sun_path) { unsafe $0.copyBytes(from: octets) }
    }
}
