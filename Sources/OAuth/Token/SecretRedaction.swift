internal import ATProtocol
internal import Network

/// Removes known secrets, and long parts of them, from servers' text, because some servers quote what they were sent.
struct SecretRedaction: Sendable {
    /// The replacement for a secret.
    private static let replacement = Array("[secret]".utf8)
    /// The length in octets of the parts that are searched for.
    private static let width = 16

    /// Sixteen octets in lower case.
    private struct Piece: Hashable {
        var high: UInt64 = 0
        var low: UInt64 = 0

        mutating func push(_ octet: UInt8) {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(octet >= 0x41 && octet <= 0x5A ? octet | 0x20 : octet)
        }
    }

    private var pieces: Set<Piece> = []
    private var short: [[UInt8]] = []

    /// Prepares a redaction of these secrets; ignores those shorter than eight octets.
    init(_ secrets: [String]) {
        for secret in secrets {
            let octets = Array(secret.utf8)
            if octets.count < Self.width {
                if octets.count >= 8 { short.append(octets) }
                continue
            }
            var piece = Piece()
            for (index, octet) in octets.enumerated() {
                piece.push(octet)
                if index >= Self.width - 1 { pieces.insert(piece) }
            }
        }
    }

    /// Removes the secrets from a text.
    func callAsFunction(_ text: String) -> String {
        let octets = Array(text.utf8)
        let clean = self(octets)
        return clean == octets ? text : String(decoding: clean, as: UTF8.self)
    }

    /// Removes the secrets from a response's fields and body, however they are escaped in JSON.
    func callAsFunction(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers = response.headers.mapValues { self($0) }
        if let json = try? JSONValue(parsing: response.body) {
            let clean = self(json)
            if clean != json { response.body = clean.encoded }
        } else {
            response.body = self(response.body)
        }
        return response
    }

    private func callAsFunction(_ json: JSONValue) -> JSONValue {
        switch json {
        case .string(let text): .string(self(text))
        case .array(let elements): .array(elements.map { self($0) })
        case .object(let members):
            .object(Dictionary(members.map { (self($0.key), self($0.value)) }) { one, _ in one })
        case .null, .bool, .integer, .number: json
        }
    }

    private func callAsFunction(_ octets: [UInt8]) -> [UInt8] {
        var isSecret: [Bool] = []
        func mark(_ range: Range<Int>) {
            if isSecret.isEmpty { isSecret = [Bool](repeating: false, count: octets.count) }
            for index in range { isSecret[index] = true }
        }
        if octets.count >= Self.width, !pieces.isEmpty {
            var piece = Piece()
            for index in octets.indices {
                piece.push(octets[index])
                if index >= Self.width - 1, pieces.contains(piece) { mark(index - Self.width + 1..<index + 1) }
            }
        }
        for secret in short {
            for start in octets.indices where octets[start...].starts(with: secret) {
                mark(start..<start + secret.count)
            }
        }
        guard !isSecret.isEmpty else { return octets }
        var clean: [UInt8] = []
        for index in octets.indices {
            if !isSecret[index] {
                clean.append(octets[index])
            } else if index == 0 || !isSecret[index - 1] {
                clean += Self.replacement
            }
        }
        return clean
    }
}
