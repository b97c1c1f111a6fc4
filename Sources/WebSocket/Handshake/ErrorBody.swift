internal import Network

/// Collects the first 4 KiB of the body of an answer that refuses the upgrade (RFC 9112 §6).
struct ErrorBody: Sendable {
    /// How many bytes are kept.
    static let maximum = 4096

    private var raw: [UInt8] = []
    private let isChunked: Bool
    private let length: Int?

    /// A body delimited as the head says; a compressed one, for which we did not ask, counts as empty.
    init(_ head: ResponseHead) {
        let transfer = head.elements(of: "Transfer-Encoding").map { $0.lowercased() }
        let codings = transfer.dropLast(transfer.last == "chunked" ? 1 : 0) + head.elements(of: "Content-Encoding")
        // RFC 9112 §6.3: these statuses have no body, whatever the fields say. We do not decode other codings.
        let isEmpty = head.status == 204 || head.status == 304 || codings.contains { $0.lowercased() != "identity" }
        isChunked = !isEmpty && transfer.last == "chunked"
        length = isEmpty ? 0 : head.headers["Content-Length"].flatMap(Int.init)
    }

    /// Adds received bytes; drops what exceeds the maximum and the chunk framing.
    mutating func append(_ bytes: RawSpan) {
        let room = 2 * Self.maximum - raw.count
        raw.append(bytes.extracting(first: max(0, room)))
    }

    /// Whether the whole body, or as much as is kept, has arrived.
    var isComplete: Bool {
        let (bytes, isWhole) = decoded
        if isWhole || bytes.count >= Self.maximum || raw.count >= 2 * Self.maximum { return true }
        guard !isChunked, let length else { return false }
        return raw.count >= length
    }

    /// The body with its transfer coding removed.
    var bytes: [UInt8] { Array(decoded.bytes.prefix(Self.maximum)) }

    /// The body so far, and whether its last chunk has arrived.
    private var decoded: (bytes: [UInt8], isWhole: Bool) {
        guard isChunked else { return (length.map { Array(raw.prefix(max(0, $0))) } ?? raw, false) }
        var out: [UInt8] = []
        var rest = raw[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end].prefix { $0 != 0x3B && $0 != 0x0D && $0 != 0x20 }
            guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16), size > 0 else { return (out, true) }
            rest = rest[(end + 1)...]
            out += rest.prefix(size)
            rest = rest.dropFirst(size).drop { $0 == 0x0D }
            if rest.first == 0x0A { rest.removeFirst() }
        }
        return (out, false)
    }
}
