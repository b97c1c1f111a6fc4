import Network
import Synchronization
import TestSupport

/// A real HTTP client whose requests a test may change on their way out, as a careless caller would have made them.
final class MeddlingClient: HTTPClient {
    private struct Order {
        let pattern: String
        var count: Int
        let change: @Sendable (inout HTTPRequest) -> Void
    }

    private let client = CurlHTTPClient.loopback()
    private let orders = Mutex<[Order]>([])
    private let traffic = Mutex<Traffic>(Traffic())

    /// Requests that were made, and those among them that were answered.
    struct Traffic: Equatable {
        var made = 0
        var answered = 0

        /// Whether a request is under way.
        var isUnderWay: Bool { answered < made }
    }

    /// What was asked so far.
    var seen: Traffic { traffic.withLock { $0 } }

    /// Changes the next requests whose path holds the pattern.
    func change(_ pattern: String, times count: Int = 1, _ change: @escaping @Sendable (inout HTTPRequest) -> Void) {
        orders.withLock { $0.append(Order(pattern: pattern, count: count, change: change)) }
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        var request = request
        let change = orders.withLock { orders -> (@Sendable (inout HTTPRequest) -> Void)? in
            let path = request.url.path
            guard let index = orders.firstIndex(where: { path.contains($0.pattern) && $0.count > 0 }) else {
                return nil
            }
            orders[index].count -= 1
            return orders[index].change
        }
        change?(&request)
        traffic.withLock { $0.made += 1 }
        defer { traffic.withLock { $0.answered += 1 } }
        return try await client.send(request)
    }
}
