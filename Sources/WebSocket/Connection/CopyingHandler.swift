/// Hands every message, copied, to a closure.
struct CopyingHandler: WebSocketHandler {
    /// Takes a message, on the connection's thread.
    let receive: @Sendable (WebSocketMessage) -> WebSocketVerdict

    func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketVerdict {
        switch kind {
        case .text: receive(.text(String(decoding: bytes.copied(), as: UTF8.self)))
        case .binary: receive(.binary(bytes.copied()))
        }
    }
}
