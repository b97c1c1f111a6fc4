internal import Network

/// Reads HTTP/1.1 requests from a connection, one after the other (RFC 9112), with small limits.
struct RequestReader {
    /// Why there is no further request.
    enum ReadError: Error {
        /// The peer closed or was interrupted.
        case gone
        /// What came is not a request that this server reads; answer 400 and close.
        case malformed
    }

    private static let maximumHead = 64 << 10
    private static let maximumBody = 4 << 20

    private let socket: ServerSocket
    private let server: String
    /// Bytes that were read and not yet used; after an upgrade they belong to the next protocol.
    private(set) var pending: [UInt8] = []

    init(_ socket: ServerSocket, server: String) {
        self.socket = socket
        self.server = server
    }

    mutating func next() throws(ReadError) -> IncomingRequest {
        let head = try head()
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        let parts = lines.removeFirst().split(separator: " ").map(String.init)
        guard parts.count == 3, parts[2].hasPrefix("HTTP/1."), parts[1].hasPrefix("/") else { throw .malformed }
        var headers = HTTPHeaders()
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let value = line[line.index(after: colon)...]
            headers.append(String(line[..<colon]), String(value.drop { $0 == " " }))
        }
        guard headers["Host"] != nil, headers["Transfer-Encoding"] == nil else { throw .malformed }
        let length = headers["Content-Length"].map { Int($0) ?? -1 } ?? 0
        guard (0...Self.maximumBody).contains(length) else { throw .malformed }
        if headers["Expect"]?.lowercased() == "100-continue" {
            do { try socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) } catch { throw .gone }
        }
        while pending.count < length { try more() }
        let body = Array(pending.prefix(length))
        pending.removeFirst(length)
        return IncomingRequest(server: server, method: parts[0], target: parts[1], headers: headers, body: body)
    }

    private mutating func head() throws(ReadError) -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = pending.firstRange(of: end) {
                let head = String(decoding: pending[..<range.lowerBound], as: UTF8.self)
                pending.removeSubrange(..<range.upperBound)
                return head
            }
            guard pending.count <= Self.maximumHead else { throw .malformed }
            try more()
        }
    }

    private mutating func more() throws(ReadError) {
        do {
            let bytes = try socket.read()
            guard !bytes.isEmpty else { throw PeerGoneError() }
            pending += bytes
        } catch {
            throw .gone
        }
    }
}
