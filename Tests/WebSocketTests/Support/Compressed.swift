@testable import WebSocket

/// Compressed messages for servers to send.
enum Compressed {
    /// One message with a window of 32 KiB and no context.
    static func message(_ bytes: [UInt8]) -> [UInt8] {
        guard var deflater = Deflater(DeflateParameters(), level: 6) else { return [] }
        return unsafe deflater.compress(bytes.span.bytes) ?? []
    }
}
