/// What a client offers for permessage-deflate (RFC 7692 §7.1).
public struct DeflateOffer: Sendable, Equatable {
    /// Ask the server to compress each message by itself: less memory, and less compression.
    public var serverNoContextTakeover: Bool
    /// Say that our messages will be compressed each by itself.
    public var clientNoContextTakeover: Bool
    /// Ask the server for a window of at most 2 to the power of this, 8 to 15; nil leaves it to the server.
    public var serverMaxWindowBits: Int?
    /// Our largest window, 9 to 15 (zlib cannot compress with 8); nil says only that the server may choose.
    public var clientMaxWindowBits: Int?
    /// Whether messages that we send are compressed when the server has agreed.
    public var compressesSent: Bool

    /// An offer; without arguments context is kept on both sides and the server may choose the windows.
    public init(
        serverNoContextTakeover: Bool = false,
        clientNoContextTakeover: Bool = false,
        serverMaxWindowBits: Int? = nil,
        clientMaxWindowBits: Int? = nil,
        compressesSent: Bool = false
    ) {
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits.map { min(max($0, 8), 15) }
        self.clientMaxWindowBits = clientMaxWindowBits.map { min(max($0, 9), 15) }
        self.compressesSent = compressesSent
    }

    /// The value of `Sec-WebSocket-Extensions`.
    var headerValue: String {
        var out = "permessage-deflate"
        if serverNoContextTakeover { out += "; server_no_context_takeover" }
        if clientNoContextTakeover { out += "; client_no_context_takeover" }
        if let serverMaxWindowBits { out += "; server_max_window_bits=\(serverMaxWindowBits)" }
        out += "; client_max_window_bits" + (clientMaxWindowBits.map { "=\($0)" } ?? "")
        return out
    }
}
