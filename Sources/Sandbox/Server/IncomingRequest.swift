public import Network

/// A request as a server of the sandbox received it.
public struct IncomingRequest: Sendable {
    /// Which server: `plc`, `pds`, `as`, `appview`, `index`, `stream`, `control`.
    public let server: String
    /// The method as it was written.
    public let method: String
    /// Path and query.
    public let target: String
    /// The header fields.
    public let headers: HTTPHeaders
    /// The body.
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

    /// What a fault's pattern is searched in: `pds POST /xrpc/chat.bsky.convo.sendMessage`.
    var line: String { "\(server) \(method) \(target)" }
}
