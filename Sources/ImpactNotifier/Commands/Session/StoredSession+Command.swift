internal import Glibc
internal import OAuth

extension StoredSession {
    /// Does the work of a command that may renew tokens, and ends, by itself or by a signal, only once they are on the disk.
    ///
    /// A refresh token is spent when the request leaves: a command that is cut off then would end the session.
    nonisolated func keepingTokens<Value: Sendable>(_ work: () async -> Value) async -> Value {
        let signals = SignalStream()
        let ending = Task { [self] in
            for await request in signals.requests where request != .report {
                await drain()
                exit(128 + SIGINT)
            }
        }
        defer { ending.cancel() }
        let value = await work()
        await drain()
        return value
    }
}
