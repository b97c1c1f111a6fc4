/// What client and server agreed on for permessage-deflate (RFC 7692 §7.1).
public struct DeflateParameters: Sendable, Equatable {
    /// Whether the server compresses each message by itself.
    public var serverNoContextTakeover = false
    /// Whether we compress each of our messages by itself.
    public var clientNoContextTakeover = false
    /// The base-2 logarithm of the server's window size.
    public var serverMaxWindowBits = 15
    /// The base-2 logarithm of our window size.
    public var clientMaxWindowBits = 15

    /// Context kept on both sides, windows of 32 KiB: the defaults of RFC 7692.
    public init() {}

    /// Checks the server's `Sec-WebSocket-Extensions` against our offer.
    ///
    /// Nil when the answer names another extension, repeats or misspells a parameter, has a value out of range, or
    /// accepts something that we did not offer. The connection must then fail (RFC 7692 §5.1).
    ///
    /// - Parameters:
    ///   - value: the extension with its parameters, as text.
    ///   - offer: what we offered.
    init?(answer value: String, to offer: DeflateOffer) {
        let parts = value.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard parts.first?.lowercased() == "permessage-deflate" else { return nil }
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            guard let name = pair.first?.lowercased(), seen.insert(name).inserted else { return nil }
            let argument = pair.count == 2 ? Self.unquoted(pair[1]) : nil
            switch (name, argument) {
            case ("server_no_context_takeover", nil): serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): clientNoContextTakeover = true
            case ("server_max_window_bits", let text?):
                guard let bits = Self.windowBits(text), bits <= offer.serverMaxWindowBits ?? 15 else { return nil }
                serverMaxWindowBits = bits
            case ("client_max_window_bits", let text?):
                guard let bits = Self.windowBits(text), bits <= offer.clientMaxWindowBits ?? 15 else { return nil }
                clientMaxWindowBits = bits
            default: return nil
            }
        }
        // RFC 7692 §7.1.1.1 and §7.1.2.1: the server must confirm what we asked of it.
        if offer.serverNoContextTakeover, !serverNoContextTakeover { return nil }
        if offer.serverMaxWindowBits != nil, !seen.contains("server_max_window_bits") { return nil }
        if offer.clientNoContextTakeover { clientNoContextTakeover = true }
        if let bits = offer.clientMaxWindowBits { clientMaxWindowBits = min(clientMaxWindowBits, bits) }
    }

    private static func windowBits(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), !text.hasPrefix("0"), let bits = Int(text),
            (8...15).contains(bits)
        else { return nil }
        return bits
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}
