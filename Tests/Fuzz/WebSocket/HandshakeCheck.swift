#if FUZZING || DEBUG
import Network

@testable import WebSocket

/// Reads bytes as the answer to an upgrade, and as the payload of a close frame.
enum HandshakeCheck {
    private static let configuration: WebSocketConfiguration? = {
        guard let url = try? WebURL("wss://example.com/") else { return nil }
        var configuration = WebSocketConfiguration(url: url)
        configuration.deflate = DeflateOffer()
        configuration.subprotocols = ["xrpc.v1.json"]
        return configuration
    }()

    /// Head, negotiated upgrade and the body of an error.
    @Sendable static func response(_ input: [UInt8]) {
        guard let configuration, let end = unsafe ResponseHead.end(in: input.span.bytes, from: 0) else { return }
        for cut in max(0, end - 4)..<end where unsafe ResponseHead.end(in: input.span.bytes, from: cut - 3) != end {
            fatalError("the cuts change the end of the head")
        }
        let start = Array(input[..<end])
        guard let head = unsafe try? ResponseHead(start.span.bytes) else { return }
        _ = try? NegotiatedUpgrade(head, to: configuration, acceptKey: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        var body = ErrorBody(head)
        for byte in input[end...] where !body.isComplete { unsafe body.append([byte].span.bytes) }
        var whole = ErrorBody(head)
        unsafe whole.append(Array(input[end...]).span.bytes)
        if body.bytes.count > ErrorBody.maximum { fatalError("a body exceeds its limit") }
        if !whole.bytes.starts(with: body.bytes) { fatalError("the cuts change the body") }
    }

    /// A payload that is read is written the same.
    @Sendable static func close(_ input: [UInt8]) {
        guard let payload = unsafe try? ClosePayload(input.span.bytes) else { return }
        if input.count <= 125, payload.bytes != input { fatalError("a payload changes") }
        if payload.bytes.count > 125 { fatalError("a payload is too long") }
    }
}
#endif
