internal import ATProtocol
public import Network

/// A request as a server of the sandbox received it.
public struct IncomingRequest: Sendable {
    /// Which server: `plc`, `pds`, `as`, `appview`, `index`, `stream`, `control`.
    public let server: String
    /// The method as it was written.
    public let method: String
    /// Path and query.
    public let target: String
    public let headers: HTTPHeaders
    public let body: [UInt8]

    /// The target without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The query's names and values in order.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return PercentEncoding.parseForm(target[target.index(after: mark)...])
    }

    /// The body's names and values when it is a form.
    public var form: [(name: String, value: String)] {
        PercentEncoding.parseForm(String(decoding: body, as: UTF8.self))
    }

    /// The first value of a query parameter.
    public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// Every value of a query parameter.
    public func parameters(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

    /// The method that is called, which stands behind `/xrpc/`; nil when the path is another.
    public var xrpcMethod: String? { path.hasPrefix("/xrpc/") ? String(path.dropFirst(6)) : nil }

    /// Whether it asks for something to read.
    var isReading: Bool { method == "GET" || method == "HEAD" }

    /// The body as JSON; nil when it is none.
    var json: JSONValue? { try? JSONValue(parsing: body) }

    /// How many entries a page may have: `limit`, 50 by default.
    ///
    /// - Throws: when it is not 1 to 100.
    func pageLimit() throws(ResponseError) -> Int {
        let limit = parameter("limit").map { Int($0) ?? 0 } ?? 50
        guard (1...100).contains(limit) else { throw .invalid("Params/limit must be between 1 and 100") }
        return limit
    }

    /// What a fault's pattern is searched in: `pds POST /xrpc/chat.bsky.convo.sendMessage`.
    var line: String { "\(server) \(method) \(target)" }
}
