/// Copies every message and passes it to a closure.
struct CopyingHandler: WebSocketHandler {
    /// Called with each message, on the connection's thread.
    let receive: @Sendable (WebSocketMessage) -> WebSocketAction

    func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction {
        switch kind {
        case .text: receive(.text(String(decoding: bytes.copied(), as: UTF8.self)))
        case .binary: receive(.binary(bytes.copied()))
        }
    }
}
