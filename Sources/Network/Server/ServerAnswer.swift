/// How a handler answers a request.
public enum ServerAnswer: Sendable {
    /// Passes on the reply to one request; can be called from any thread, and only the first call counts.
    public typealias Reply = @Sendable (ServerReply) -> Void

    /// The reply is ready.
    case now(ServerReply)
    /// The reply comes later, and the server goes on meanwhile; `begin` runs on the server's thread and must not wait.
    ///
    /// If there is no reply when the time is up, `otherwise` is sent.
    case later(within: Duration, otherwise: ServerReply, begin: @Sendable (@escaping Reply) -> Void)
}
