/// What a handler makes of a request.
public enum ServerAnswer: Sendable {
    /// Hands over the reply to one request, from any thread; the first counts.
    public typealias Reply = @Sendable (ServerReply) -> Void

    /// A reply that is at hand.
    case now(ServerReply)
    /// One that follows, while the server answers others: `begin` sets about it on the server's thread, and must not wait either.
    ///
    /// `otherwise` is the reply when none has come by the end of the time.
    case later(within: Duration, otherwise: ServerReply, begin: @Sendable (@escaping Reply) -> Void)
}
