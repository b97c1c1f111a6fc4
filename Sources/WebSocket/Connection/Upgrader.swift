internal import Network

/// Drives the opening handshake over an open byte stream (RFC 6455 §4.1).
struct Upgrader {
    /// How many answers we read, interim ones included.
    private static let maximumAnswers = 16

    private let configuration: WebSocketConfiguration
    private let request: UpgradeRequest
    private let wakeUp: WakeUp

    /// Prepares an upgrade with a new `Sec-WebSocket-Key`.
    init(_ configuration: WebSocketConfiguration, wakeUp: WakeUp) {
        self.configuration = configuration
        self.wakeUp = wakeUp
        request = UpgradeRequest(configuration)
    }

    /// Sends the request and reads the answer; bytes after the 101 stay in the buffer.
    ///
    /// - Throws: ``WebSocketError``; with code `upgradeRefused` and the answer when the status is not 101.
    func upgrade(
        _ stream: inout ByteStream,
        _ buffer: inout ReceiveBuffer
    ) throws(WebSocketError) -> UpgradeResponse {
        guard request.isSafe else { throw failure(.notAllowed, "a configured header field holds a control character") }
        let deadline = ContinuousClock.now + configuration.upgradeDeadline
        var output = SendQueue()
        output.add(raw: request.bytes)
        for _ in 0..<Self.maximumAnswers {
            let head = try readHead(&stream, &buffer, &output, until: deadline)
            // RFC 9110 §15.2: interim answers may come before the final one.
            if head.status < 200, head.status != 101 { continue }
            guard head.status == 101 else { throw readRefusal(head, &stream, &buffer, until: deadline) }
            do throws(ResponseHead.InvalidError) {
                let negotiated = try NegotiatedUpgrade(head, to: configuration, acceptKey: request.acceptKey)
                return UpgradeResponse(
                    headers: head.headers,
                    subprotocol: negotiated.subprotocol,
                    deflate: negotiated.deflate,
                    address: stream.address,
                    tlsVersion: stream.tlsVersion,
                    isResumed: stream.isResumed
                )
            } catch {
                throw invalid(error.reason)
            }
        }
        throw invalid("\(Self.maximumAnswers) interim answers came and no final one")
    }

    private func readHead(
        _ stream: inout ByteStream,
        _ buffer: inout ReceiveBuffer,
        _ output: inout SendQueue,
        until deadline: ContinuousClock.Instant
    ) throws(WebSocketError) -> ResponseHead {
        var searched = 0
        while true {
            let start = buffer.unread.extracting(first: ForeignAnswer.length).copied()
            if let objection = ForeignAnswer.objection(toHTTP: start) {
                // A server that was sent our key may echo it, so its answer is not quoted then.
                let isShown = configuration.key == nil
                throw failure(.invalidUpgrade, isShown ? objection : "the answer is not HTTP; check host and port")
            }
            if let end = ResponseHead.end(in: buffer.unread, from: searched - 3),
                end <= configuration.limits.upgradeHeader
            {
                do throws(ResponseHead.InvalidError) {
                    let head = try ResponseHead(buffer.unread.extracting(..<end))
                    buffer.consume(end)
                    return head
                } catch {
                    throw invalid(error.reason)
                }
            }
            searched = buffer.unreadCount
            guard searched <= configuration.limits.upgradeHeader else {
                throw invalid("the header is longer than \(configuration.limits.upgradeHeader) bytes")
            }
            if try receive(&stream, &buffer, &output, until: deadline) == .end {
                throw invalid(
                    searched == 0
                        ? "the server closed the connection instead of answering"
                        : "the server closed the connection in the midst of its answer"
                )
            }
        }
    }

    /// The failure for a refused upgrade; a body that does not arrive in time is cut off.
    private func readRefusal(
        _ head: ResponseHead,
        _ stream: inout ByteStream,
        _ buffer: inout ReceiveBuffer,
        until deadline: ContinuousClock.Instant
    ) -> WebSocketError {
        var body = ErrorBody(head)
        var output = SendQueue()
        let bodyDeadline = min(deadline, .now + .seconds(2))
        while true {
            body.append(buffer.unread)
            buffer.consumeAll()
            if body.isComplete { break }
            do throws(WebSocketError) {
                if try receive(&stream, &buffer, &output, until: bodyDeadline) == .end { break }
            } catch {
                break
            }
        }
        // Hide the key before the text is cut; a cut could leave a part of it.
        let key = configuration.key
        let refusal = WebSocketError.Refusal(
            status: head.status,
            headers: head.headers.mapValues { key.hidden(in: $0) },
            body: Array(key.hidden(in: String(decoding: body.bytes, as: UTF8.self)).utf8)
        )
        return WebSocketError(
            .upgradeRefused,
            origin: configuration.url.origin,
            refusal.sentence(to: configuration.url),
            refusal: refusal
        )
    }

    /// The failure for an answer that no client may accept.
    private func invalid(_ reason: String) -> WebSocketError {
        failure(.invalidUpgrade, "\(reason); the server or something on the way is at fault: try another host")
    }

    /// Writes and reads once; waits if necessary.
    private func receive(
        _ stream: inout ByteStream,
        _ buffer: inout ReceiveBuffer,
        _ output: inout SendQueue,
        until deadline: ContinuousClock.Instant
    ) throws(WebSocketError) -> ByteStream.Outcome {
        while true {
            do throws(StreamError) {
                try output.flush(to: &stream)
                let outcome = try buffer.fill(from: &stream)
                guard case .blocked(let interest) = outcome else {
                    if .now < deadline { return outcome }
                    throw StreamError(.timeout, peer: stream.peer, "")
                }
                let wanted = interest.union(output.interest ?? [])
                let ready = Poll.wait(stream.descriptor, wanted, wakeUp, until: deadline)
                if ready.isWoken { wakeUp.clear() }
                if ready.isTimeout { throw StreamError(.timeout, peer: stream.peer, "") }
            } catch {
                guard error.code == .timeout else {
                    throw failure(.connectionLost, error.detail, error)
                }
                throw failure(.upgradeTimeout, "no whole answer within \(configuration.upgradeDeadline)")
            }
            if wakeUp.isCancelled { throw failure(.cancelled, "cancelled during the upgrade") }
        }
    }

    private func failure(
        _ code: WebSocketError.Code,
        _ detail: String,
        _ stream: StreamError? = nil
    ) -> WebSocketError {
        WebSocketError(code, origin: configuration.url.origin, detail, stream: stream)
    }
}
