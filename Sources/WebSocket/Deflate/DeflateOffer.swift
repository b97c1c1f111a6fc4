/// What a client offers for permessage-deflate (RFC 7692 §7.1).
public struct DeflateOffer: Sendable, Equatable {
    /// Asks the server to compress each message by itself: uses less memory, and compresses less.
    public var serverNoContextTakeover: Bool
    /// Announces that we compress each of our messages by itself.
    public var clientNoContextTakeover: Bool
    /// Asks the server for a window of at most 2 to the power of this, 8 to 15; nil leaves it to the server.
    public var serverMaxWindowBits: Int?
    /// Our largest window, 2 to the power of 9 to 15 (zlib cannot compress with 8); nil lets the server choose.
    public var clientMaxWindowBits: Int?
    /// Whether we compress what we send, if the server agrees.
    public var compressesSent: Bool

    /// An offer; by default both sides keep their context and the server may choose the windows.
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
