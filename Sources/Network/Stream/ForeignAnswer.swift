/// Tells from its first bytes that a peer speaks another protocol, so that no deadline has to pass first.
package enum ForeignAnswer {
    /// How many of the first bytes are examined.
    package static let length = 64

    /// Why these cannot be the first bytes of an HTTP/1 response, as the end of a sentence; nil while they can.
    package static func objection(toHTTP bytes: [UInt8]) -> String? {
        guard !zip(bytes, "HTTP/1.".utf8).allSatisfy({ $0 == $1 }) else { return nil }
        let found =
            switch (bytes.first, bytes.count > 3 ? bytes[3] : nil) {
            // RFC 8446 §5.1: an alert or a handshake record.
            case (0x15, _), (0x16, _): "this port speaks TLS, which the address must say (wss://, https://)"
            // RFC 9113 §3.4: the server begins with SETTINGS.
            case (0x00, 0x04): "it speaks HTTP/2 without having been asked to"
            case _ where bytes.starts(with: "HTTP/".utf8): "it is of another version of HTTP than 1.1"
            default: shown(bytes)
            }
        return "the answer is not HTTP: \(found); check host and port"
    }

    /// Why these cannot be the first bytes of a server's TLS handshake, as the end of a sentence; nil while they can.
    static func objection(toTLS bytes: [UInt8]) -> String? {
        guard let first = bytes.first, first != 0x15, first != 0x16 else { return nil }
        let found = bytes.starts(with: "HTTP/".utf8) ? "it answers in plain HTTP" : shown(bytes)
        return "the server does not speak TLS on this port: \(found); check host and port"
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        let text = bytes.prefix(40).prefix { $0 >= 0x20 && $0 < 0x7F }
        guard text.isEmpty else { return "it begins with '\(String(decoding: text, as: UTF8.self))'" }
        let octets = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return "it begins with the octets \(octets.joined(separator: " "))"
    }
}
