/// Opens byte streams: name, TCP, proxy tunnel and TLS, each within its own deadline.
///
/// Blocks its thread; call it on a ``ThreadExecutor``.
public struct StreamConnector: Sendable {
    /// What TLS connections share.
    public var tls: TLSContext
    /// The proxy for secure connections, and its exceptions.
    public var proxy: ProxySettings
    /// The time of each phase.
    public var deadlines: StreamDeadlines
    /// Which addresses are tried last.
    public var memory: AddressMemory
    /// What resolves names.
    var resolver: @Sendable (String, UInt16, WakeUp, ContinuousClock.Instant) throws(StreamFailure) -> [SocketAddress] =
        {
            host,
            port,
            wakeUp,
            deadline throws(StreamFailure) in
            try AddressResolver.addresses(of: host, port: port, wakeUp: wakeUp, until: deadline)
        }

    /// A connector with these parts.
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

    /// Opens a stream to a URL's host and port, under TLS for `https` and `wss`.
    ///
    /// An address that accepts and fails behind a proxy is the proxy's; it is remembered for the stream's own peer all the same.
    ///
    /// - Parameters:
    ///   - url: its path and query are not looked at.
    ///   - wakeUp: ends the attempt when it is cancelled.
    /// - Returns: the stream, its TLS handshake complete.
    /// - Throws: ``StreamFailure`` naming the phase.
    public func open(_ url: WebURL, wakeUp: WakeUp) throws(StreamFailure) -> ByteStream {
        let proxy = proxy.proxy(for: url)
        do throws(StreamFailure) {
            return try open(url, through: proxy, wakeUp: wakeUp)
        } catch {
            guard let proxy, error.code != .proxy, error.code != .cancelled else { throw error }
            throw StreamFailure(error.code, peer: error.peer, "\(error.detail); through the proxy \(proxy)")
        }
    }

    private func open(_ url: WebURL, through proxy: HTTPProxy?, wakeUp: WakeUp) throws(StreamFailure) -> ByteStream {
        let peer = "\(url.host):\(url.effectivePort)"
        let end = ContinuousClock.now + deadlines.connect
        let host = proxy?.host ?? url.host
        let port = proxy?.port ?? url.effectivePort
        var addresses = try resolver(host, port, wakeUp, end)
        // Without TLS nothing leaves the machine, wherever the name leads.
        if !url.scheme.isSecure { addresses.removeAll { !AddressGuard.isLoopback($0.hostOctets) } }
        guard !addresses.isEmpty else {
            throw StreamFailure(.nameResolution, peer: peer, "the name leads away from this machine; write wss://")
        }
        var stream = try TCPConnector.connect(
            to: memory.ordered(TCPConnector.interleaved(addresses), of: peer),
            of: "\(host):\(port)",
            for: peer,
            wakeUp: wakeUp,
            until: end
        )
        let address = stream.address
        do throws(StreamFailure) {
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

    /// Puts the stream under TLS, where the URL wants it.
    private func secure(_ stream: inout ByteStream, _ url: WebURL, wakeUp: WakeUp) throws(StreamFailure) {
        guard url.scheme.isSecure else { return }
        let end = ContinuousClock.now + deadlines.tls
        try stream.startTLS(tls, host: url.host, sessionKey: stream.peer)
        while let interest = try stream.handshake() {
            try stream.wait(interest, wakeUp, until: end, during: "the TLS handshake")
        }
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
