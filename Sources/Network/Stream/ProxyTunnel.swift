/// A tunnel through an HTTP proxy (`CONNECT`, RFC 9110 §9.3.6).
struct ProxyTunnel {
    let proxy: HTTPProxy
    /// The URL whose host and port the tunnel leads to.
    let url: WebURL

    private static let maximumAnswer = 16_384
    /// How many responses we read, interim ones included.
    private static let maximumAnswers = 16

    /// Asks for the tunnel and reads the head of the proxy's response, and not a byte more.
    ///
    /// - Throws: ``StreamError`` with code `proxy` and advice when the proxy refuses.
    func open(
        over stream: inout ByteStream,
        wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant
    ) throws(StreamError) {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        let authority = "\(host):\(url.effectivePort)"
        var request = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
        if let authorization = proxy.authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
        request += "\r\n"
        var rest = Array(request.utf8)
        while !rest.isEmpty {
            switch unsafe try stream.write(rest.span.bytes) {
            case .bytes(let count): rest.removeFirst(count)
            case .blocked(let interest):
                try stream.wait(interest, wakeUp, until: deadline, during: "the request to the proxy")
            case .end: throw failure(stream.peer, "closed the connection")
            }
        }
        for _ in 0..<Self.maximumAnswers {
            let head = try readHead(of: &stream, wakeUp: wakeUp, until: deadline)
            guard let line = StatusLine(head.prefix { $0 != 0x0D && $0 != 0x0A }) else {
                throw failure(stream.peer, "sent a malformed status line")
            }
            // RFC 9110 §15.2: interim responses may come before the final one.
            if line.status < 200 { continue }
            guard line.status >= 300 else { return }
            throw StreamError(.proxy, peer: stream.peer, proxy.refusal(line.status, to: authority))
        }
        throw failure(stream.peer, "sent \(Self.maximumAnswers) interim answers and no final one")
    }

    /// Reads byte by byte: the bytes after the head belong to the tunnel, and TLS reads the socket itself.
    private func readHead(
        of stream: inout ByteStream,
        wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant
    ) throws(StreamError) -> [UInt8] {
        var head: [UInt8] = []
        while head.count < Self.maximumAnswer {
            switch try Self.read(1, from: &stream, into: &head) {
            case .bytes:
                if head.count <= 8, ForeignAnswer.objection(toHTTP: head) != nil {
                    _ = try? Self.read(ForeignAnswer.length, from: &stream, into: &head)
                    // RFC 8446 §5.1: an alert or a handshake record.
                    if head.first == 0x15 || head.first == 0x16 {
                        throw failure(stream.peer, "speaks TLS, which is not supported; name a port where it does not")
                    }
                    let objection = ForeignAnswer.objection(toHTTP: head) ?? ""
                    throw StreamError(.proxy, peer: stream.peer, "\(objection) of the proxy \(proxy)")
                }
                // RFC 9112 §2.2: a line may end with LF alone.
                if head.suffix(2).elementsEqual([0x0A, 0x0A]) || head.suffix(3).elementsEqual([0x0A, 0x0D, 0x0A]) {
                    return head
                }
            case .blocked(let interest):
                try stream.wait(interest, wakeUp, until: deadline, during: "the proxy's answer")
            case .end: throw failure(stream.peer, "closed the connection")
            }
        }
        throw failure(stream.peer, "sent an answer longer than 16 KiB")
    }

    /// Reads up to this many bytes, at most 64, and appends them.
    private static func read(
        _ count: Int,
        from stream: inout ByteStream,
        into head: inout [UInt8]
    ) throws(StreamError) -> ByteStream.Outcome {
        var room: [64 of UInt8] = .init(repeating: 0)
        return unsafe try withUnsafeMutableBytes(of: &room) {
            (room: UnsafeMutableRawBufferPointer) throws(StreamError) -> ByteStream.Outcome in
            let outcome = unsafe try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
            if case .bytes(let length) = outcome { unsafe head.append(contentsOf: room[..<length]) }
            return outcome
        }
    }

    private func failure(_ peer: String, _ deed: String) -> StreamError {
        StreamError(.proxy, peer: peer, "the proxy \(proxy) \(deed); is it an HTTP proxy?")
    }
}
