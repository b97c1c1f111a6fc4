internal import Crypto
internal import Network

/// The client's opening handshake (RFC 6455 §4.1).
struct UpgradeRequest: Sendable {
    /// The value of `Sec-WebSocket-Key`: 16 unpredictable bytes in base64.
    let key: String
    private let configuration: WebSocketConfiguration

    /// Prepares a request with a new key.
    init(_ configuration: WebSocketConfiguration) {
        self.init(configuration, key: Base64.encode(SecureRandom.bytes(16)))
    }

    /// Prepares a request with a given key.
    init(_ configuration: WebSocketConfiguration, key: String) {
        self.configuration = configuration
        self.key = key
    }

    /// The value that `Sec-WebSocket-Accept` must have (RFC 6455 §4.2.2).
    var acceptKey: String {
        Base64.encode(Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    /// The encoded request; ``isSafe`` has rejected line breaks in configured values before.
    var bytes: [UInt8] {
        var lines = [
            "GET \(configuration.url.target) HTTP/1.1",
            "Host: \(configuration.url.authority)",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)",
            "Sec-WebSocket-Version: 13",
        ]
        if !configuration.subprotocols.isEmpty {
            lines.append("Sec-WebSocket-Protocol: " + configuration.subprotocols.joined(separator: ", "))
        }
        if let deflate = configuration.deflate {
            lines.append("Sec-WebSocket-Extensions: " + deflate.headerValue)
        }
        if let authorization = configuration.key?.authorization(to: configuration.url) {
            lines.append("Authorization: \(authorization)")
        }
        for field in configuration.headers { lines.append("\(field.name): \(field.value)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Whether no configured field can inject a line into the request.
    var isSafe: Bool {
        configuration.headers.allSatisfy(\.isSafe) && configuration.subprotocols.allSatisfy(HTTPHeaders.isSafe)
    }
}
