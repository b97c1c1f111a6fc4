internal import Glibc
internal import Network
internal import OAuth

extension StoredSession {
    /// Does work that may renew tokens, and lets the command end only once they are on disk, even after a signal.
    ///
    /// A refresh token is used up as soon as the request is sent. A command that ended then would end the session.
    nonisolated func keepingTokens<Value: Sendable>(_ work: () async -> Value) async -> Value {
        let signals = await OperatorSignal.listen()
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
