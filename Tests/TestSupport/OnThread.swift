import Dispatch

/// Does what blocks on a thread of its own: the tests share the pool's few threads with what they test.
public func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "test").async { continuation.resume(with: Swift.Result { try body() }) }
    }
}
