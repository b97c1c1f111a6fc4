internal import CLinux
internal import Glibc
internal import Synchronization

/// Resolves host names with the system's resolver, with a deadline and cancellation.
///
/// `getaddrinfo` blocks for as long as the resolver likes and cannot be interrupted. So it runs on a thread of its own,
/// which is left to finish by itself when the deadline passes.
enum AddressResolver {
    /// The addresses of a host in the resolver's order (RFC 6724), before the families are interleaved.
    static func addresses(
        of host: String,
        port: UInt16,
        wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant
    ) throws(StreamError) -> [SocketAddress] {
        let peer = "\(host):\(port)"
        let answer = Answer(host: host, port: port, ready: try WakeUp())
        if answer.isLiteral {
            answer.resolve()
        } else {
            try answer.start(peer: peer)
            while answer.result == nil {
                let outcome = Poll.wait(answer.ready.descriptor, .readable, wakeUp, until: deadline)
                if wakeUp.isCancelled { throw StreamError(.cancelled, peer: peer, "while resolving its name") }
                if outcome.isWoken { wakeUp.clear() }
                if outcome.isTimeout { throw StreamError(.timeout, peer: peer, "its name was not resolved in time") }
            }
        }
        switch answer.result {
        case .success(let addresses)?: return addresses
        case .failure(let failure)?: throw failure
        case nil: throw StreamError(.nameResolution, peer: peer, "no answer")
        }
    }
}

/// The result of one `getaddrinfo`, shared by the thread that calls it and the thread that waits.
private final class Answer: Sendable {
    let ready: WakeUp
    private let host: String
    private let port: UInt16
    private let stored = Mutex<Result<[SocketAddress], StreamError>?>(nil)

    init(host: String, port: UInt16, ready: WakeUp) {
        self.host = host
        self.port = port
        self.ready = ready
    }

    /// Whether the host is an address literal, which needs no look-up.
    var isLiteral: Bool { WebURL.isAddress(host) }

    var result: Result<[SocketAddress], StreamError>? { stored.withLock { $0 } }

    func start(peer: String) throws(StreamError) {
        let result = PlainThread.start(name: "resolver") { self.resolve() }
        guard result == 0 else {
            throw StreamError(.system, peer: peer, "pthread_create: \(Descriptor.message(result))")
        }
    }

    func resolve() {
        let answer = lookUp()
        stored.withLock { $0 = answer }
        ready.signal()
    }

    private func lookUp() -> Result<[SocketAddress], StreamError> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = shim_SOCK_STREAM
        unsafe hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        // AI_ADDRCONFIG ignores loopback when it checks which families the machine has, and literals need no check.
        if host == "localhost" { unsafe hints.ai_flags = AI_NUMERICSERV }
        if isLiteral { unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, String(port), &hints, &list)
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard result == 0 else {
            let reason = unsafe String(cString: gai_strerror(result))
            return .failure(StreamError(.nameResolution, peer: "\(host):\(port)", "getaddrinfo: \(reason)"))
        }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            if let pointer = unsafe entry.ai_addr,
                let address = unsafe SocketAddress(pointer, length: entry.ai_addrlen)
            {
                addresses.append(address)
            }
            unsafe next = entry.ai_next
        }
        guard !addresses.isEmpty else {
            return .failure(StreamError(.nameResolution, peer: "\(host):\(port)", "the name has no address"))
        }
        return .success(addresses)
    }
}
