import Glibc
import Network
import Synchronization
import TestSupport

/// Clients of a daemon's status endpoint that mean it no good, and stay until they are dismissed.
final class HostileCrowd: Sendable {
    private let connections = Mutex<[RawConnection]>([])
    private let isDismissed = Mutex(false)

    /// A head or body of a megabyte.
    enum Flood: CaseIterable, Sendable {
        case line, header, headers, body

        func bytes(isComplete: Bool) -> [UInt8] {
            let long = String(repeating: "a", count: 1 << 20)
            let text =
                switch self {
                case .line: "GET /\(long) HTTP/1.1\r\nHost: localhost\r\n\r\n"
                case .header: "GET /healthz HTTP/1.1\r\nX: \(long)\r\n\r\n"
                case .headers: "GET /healthz HTTP/1.1\r\n\(String(repeating: "X-a: b\r\n", count: 1 << 17))\r\n"
                case .body: "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n\(long)"
                }
            return Array(text.utf8.dropLast(isComplete ? 0 : 4))
        }
    }

    /// As many descriptors as this process may have: a crowd of a thousand needs one each.
    init() {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    deinit { dismiss() }

    /// So many clients that send this, from one address or, with many, from 250 addresses in turn; it blocks.
    ///
    /// - Returns: the clients.
    @discardableResult
    func join(
        _ number: Int,
        on port: UInt16,
        fromMany: Bool = false,
        sending bytes: [UInt8] = []
    ) -> [RawConnection] {
        let new = (0..<number).map {
            RawConnection(port: port, from: fromMany ? "127.0.7.\($0 % 250 + 1)" : "127.0.0.1")
        }
        connections.withLock { $0 += new }
        if !bytes.isEmpty { for connection in new { connection.send(bytes) } }
        return new
    }

    /// So many clients that send a byte a second for as long as they can.
    ///
    /// - Returns: becomes the time after which the server had ended all of them.
    func trickle(_ number: Int, on port: UInt16, from source: String) -> Task<Duration, any Error> {
        let begun = ContinuousClock.now
        let new = (0..<number).map { _ in RawConnection(port: port, from: source) }
        connections.withLock { $0 += new }
        return Task {
            try await onThread { [self] in
                var open = new
                while !open.isEmpty, !isDismissed.withLock(\.self) {
                    for connection in open { connection.send("G") }
                    let pause = open.first?.next(within: .seconds(1))
                    open = open.filter { $0.next(within: .zero) == .silence }
                    if pause == .ended { continue }
                }
                return ContinuousClock.now - begun
            }
        }
    }

    /// All leave.
    func dismiss() {
        isDismissed.withLock { $0 = true }
        for connection in connections.withLock({ $0 }) { connection.close() }
        connections.withLock { $0 = [] }
    }
}
