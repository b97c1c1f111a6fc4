/// A tunnel through an HTTP proxy (`CONNECT`, RFC 9110 §9.3.6).
struct ProxyTunnel {
    /// `host:port` behind the proxy, for failures.
    let target: String
    /// The host behind the proxy, without brackets.
    let host: String
    /// The port behind the proxy.
    let port: UInt16
    /// The value of `Proxy-Authorization`, nil for none.
    let authorization: String?

    private static let maximumAnswer = 16_384

    /// Asks for the tunnel and reads the proxy's answer, and not a byte more.
    ///
    /// - Throws: ``StreamFailure`` of code `proxy` with the status line when the proxy refuses.
    func open(
        over stream: inout ByteStream,
        wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant
    ) throws(StreamFailure) {
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        var request = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
        if let authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
        request += "\r\n"
        var rest = Array(request.utf8)
        while !rest.isEmpty {
            switch unsafe try stream.write(rest.span.bytes) {
            case .bytes(let count): rest.removeFirst(count)
            case .blocked(let interest):
                try stream.wait(interest, wakeUp, until: deadline, during: "the request to the proxy")
            case .end: throw StreamFailure(.proxy, peer: target, "the proxy closed the connection")
            }
        }
        let head = try readHead(of: &stream, wakeUp: wakeUp, until: deadline)
        let line = String(decoding: head.prefix { $0 != 0x0D }, as: UTF8.self)
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
            throw StreamFailure(.proxy, peer: target, "the proxy's answer is not HTTP")
        }
        guard (200..<300).contains(status) else {
            throw StreamFailure(.proxy, peer: target, "the proxy answered “\(line.prefix(200))”")
        }
    }

    /// Reads byte by byte: what follows the head already belongs to the tunnel, and TLS reads the socket itself.
    private func readHead(
        of stream: inout ByteStream,
        wakeUp: WakeUp,
        until deadline: ContinuousClock.Instant
    ) throws(StreamFailure) -> [UInt8] {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while head.count < Self.maximumAnswer {
            let outcome = unsafe try withUnsafeMutableBytes(of: &byte) {
                (buffer: UnsafeMutableRawBufferPointer) throws(StreamFailure) -> ByteStream.Outcome in
                unsafe try stream.read(into: buffer)
            }
            switch outcome {
            case .bytes:
                head.append(byte)
                if head.suffix(4).elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) { return head }
            case .blocked(let interest):
                try stream.wait(interest, wakeUp, until: deadline, during: "the proxy's answer")
            case .end: throw StreamFailure(.proxy, peer: target, "the proxy closed the connection")
            }
        }
        throw StreamFailure(.proxy, peer: target, "the proxy's answer is longer than 16 KiB")
    }
}
