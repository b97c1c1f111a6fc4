/// Opens byte streams: name, TCP, proxy tunnel and TLS, each within its own deadline.
///
/// Blocks its thread; call it on a ``ThreadExecutor``.
public struct StreamConnector: Sendable {
    /// What TLS connections share.
    public var tls: TLSContext
    /// The proxy for secure connections.
    public var proxy: ProxySettings
    /// The time of each phase.
    public var deadlines: StreamDeadlines

    /// A connector with these parts.
    public init(tls: TLSContext, proxy: ProxySettings = .none, deadlines: StreamDeadlines = StreamDeadlines()) {
        self.tls = tls
        self.proxy = proxy
        self.deadlines = deadlines
    }

    /// Opens a stream to a URL's host and port, under TLS for `https` and `wss`.
    ///
    /// - Parameters:
    ///   - url: its path and query are not looked at.
    ///   - wakeUp: ends the attempt when it is cancelled.
    /// - Returns: the stream, its TLS handshake complete.
    /// - Throws: ``StreamFailure`` naming the phase.
    public func open(_ url: WebURL, wakeUp: WakeUp) throws(StreamFailure) -> ByteStream {
        let peer = "\(url.host):\(url.effectivePort)"
        let proxy = url.scheme.isSecure ? proxy.proxy(for: url.host) : nil
        let end = ContinuousClock.now + deadlines.connect
        let next = proxy ?? url
        let addresses = try AddressResolver.addresses(
            of: next.host,
            port: next.effectivePort,
            wakeUp: wakeUp,
            until: end
        )
        var stream = try TCPConnector.connect(
            to: addresses,
            of: "\(next.host):\(next.effectivePort)",
            for: peer,
            wakeUp: wakeUp,
            until: end
        )
        if proxy != nil {
            try ProxyTunnel(
                target: peer,
                host: url.host,
                port: url.effectivePort,
                authorization: self.proxy.authorization
            )
            .open(over: &stream, wakeUp: wakeUp, until: .now + deadlines.proxy)
        }
        guard url.scheme.isSecure else { return stream }
        let tlsEnd = ContinuousClock.now + deadlines.tls
        try stream.startTLS(tls, host: url.host, sessionKey: peer)
        while let interest = try stream.handshake() {
            try stream.wait(interest, wakeUp, until: tlsEnd, during: "the TLS handshake")
        }
        return stream
    }
}

extension ByteStream {
    /// Waits for readiness during set-up.
    ///
    /// - Throws: ``StreamFailure`` of code `cancelled` or `timeout`.
    func wait(
        _ interest: Poll.Interest,
        _ wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant,
        during phase: String
    ) throws(StreamFailure) {
        let outcome = Poll.wait(descriptor, interest, wakeUp, until: deadline)
        if wakeUp.isCancelled { throw StreamFailure(.cancelled, peer: peer, "during \(phase)") }
        if outcome.isWoken { wakeUp.clear() }
        // A peer that sends a byte now and then keeps the socket ready but must not stretch the deadline.
        if outcome.isTimeout || .now >= deadline {
            throw StreamFailure(.timeout, peer: peer, "\(phase) was not complete in time")
        }
    }
}
