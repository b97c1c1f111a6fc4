/// Opens byte streams: name resolution, TCP, proxy tunnel and TLS, each with its own deadline.
///
/// It blocks its thread, so call it on a ``ThreadExecutor``.
public struct StreamConnector: Sendable {
    /// The TLS settings and sessions that the connections share.
    public var tls: TLSContext
    /// The proxy for secure connections, and its exceptions.
    public var proxy: ProxySettings
    /// The time limit of each phase.
    public var deadlines: StreamDeadlines
    /// Addresses that failed before and are tried last.
    public var memory: AddressMemory
    /// Resolves host names.
    var resolver: @Sendable (String, UInt16, WakeUp, ContinuousClock.Instant) throws(StreamError) -> [SocketAddress] =
        {
            host,
            port,
            wakeUp,
            deadline throws(StreamError) in
            try AddressResolver.addresses(of: host, port: port, wakeUp: wakeUp, until: deadline)
        }

    public init(
        tls: TLSContext,
        proxy: ProxySettings = .none,
        deadlines: StreamDeadlines = StreamDeadlines(),
        memory: AddressMemory = AddressMemory()
    ) {
        self.tls = tls
        self.proxy = proxy
        self.deadlines = deadlines
        self.memory = memory
    }

    /// Opens a stream to a URL's host and port, with TLS for `https` and `wss`.
    ///
    /// Behind a proxy the address that fails is the proxy's, but it is remembered under the host of the URL.
    ///
    /// - Parameters:
    ///   - url: its path and query are ignored.
    ///   - wakeUp: cancelling it ends the attempt.
    /// - Returns: the stream after its TLS handshake.
    /// - Throws: ``StreamError`` that names the phase.
    public func open(_ url: WebURL, wakeUp: WakeUp) throws(StreamError) -> ByteStream {
        let proxy = proxy.proxy(for: url)
        do throws(StreamError) {
            return try open(url, through: proxy, wakeUp: wakeUp)
        } catch {
            guard let proxy, error.code != .proxy, error.code != .cancelled else { throw error }
            throw StreamError(error.code, peer: error.peer, "\(error.detail); through the proxy \(proxy)")
        }
    }

    private func open(_ url: WebURL, through proxy: HTTPProxy?, wakeUp: WakeUp) throws(StreamError) -> ByteStream {
        let peer = "\(url.host):\(url.effectivePort)"
        let end = ContinuousClock.now + deadlines.connect
        let host = proxy?.host ?? url.host
        let port = proxy?.port ?? url.effectivePort
        var addresses = try resolver(host, port, wakeUp, end)
        // Without TLS no byte leaves the machine, whatever the name resolves to.
        if !url.scheme.isSecure { addresses.removeAll { !AddressGuard.isLoopback($0.hostOctets) } }
        guard !addresses.isEmpty else {
            throw StreamError(.nameResolution, peer: peer, "the name leads away from this machine; write wss://")
        }
        var stream = try TCPConnector.connect(
            to: memory.ordered(TCPConnector.interleaved(addresses), of: peer),
            of: "\(host):\(port)",
            for: peer,
            wakeUp: wakeUp,
            until: end
        )
        let address = stream.address
        do throws(StreamError) {
            if let proxy {
                let tunnel = ProxyTunnel(proxy: proxy, url: url)
                try tunnel.open(over: &stream, wakeUp: wakeUp, until: .now + deadlines.proxy)
            }
            try secure(&stream, url, wakeUp: wakeUp)
        } catch {
            if error.code != .cancelled { memory.failed(address, of: peer) }
            throw error
        }
        return stream
    }

    /// Does the TLS handshake if the URL's scheme needs it.
    private func secure(_ stream: inout ByteStream, _ url: WebURL, wakeUp: WakeUp) throws(StreamError) {
        guard url.scheme.isSecure else { return }
        let end = ContinuousClock.now + deadlines.tls
        try stream.startTLS(tls, host: url.host, sessionKey: stream.peer)
        while let interest = try stream.handshake() {
            try stream.wait(interest, wakeUp, until: end, during: "the TLS handshake")
        }
    }
}

extension ByteStream {
    /// Waits for readiness while the stream is being opened.
    ///
    /// - Throws: ``StreamError`` with code `cancelled` or `timeout`.
    func wait(
        _ interest: Poll.Interest,
        _ wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant,
        during phase: String
    ) throws(StreamError) {
        let outcome = Poll.wait(descriptor, interest, wakeUp, until: deadline)
        if wakeUp.isCancelled { throw StreamError(.cancelled, peer: peer, "during \(phase)") }
        if outcome.isWoken { wakeUp.clear() }
        // A peer that sends a byte now and then keeps the socket ready, but must not extend the deadline.
        if outcome.isTimeout || .now >= deadline {
            throw StreamError(.timeout, peer: peer, "\(phase) was not complete in time")
        }
    }
}
