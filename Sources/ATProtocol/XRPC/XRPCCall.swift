/// One call of an XRPC method (atproto.com/specs/xrpc), without its destination and authorization.
public struct XRPCCall: Sendable {
    /// Whether the method is a query or a procedure.
    public enum Kind: Sendable {
        /// A query: GET with parameters.
        case query
        /// A procedure: POST with a JSON body.
        case procedure
    }

    public var method: NSID
    /// Whether it is a query or a procedure.
    public var kind: Kind
    /// The query parameters in order; a name may repeat.
    public var parameters: [(name: String, value: String)]
    /// The JSON body of a procedure.
    public var body: JSONValue?
    /// The value of `atproto-proxy`, `did#service-id`; nil for none.
    public var proxy: String?
    /// The time limit, from the start to the last byte.
    public var timeout: Duration

    /// Makes a query.
    public static func query(
        _ method: NSID,
        _ parameters: [(name: String, value: String)] = [],
        proxy: String? = nil
    ) -> XRPCCall {
        XRPCCall(
            method: method,
            kind: .query,
            parameters: parameters,
            body: nil,
            proxy: proxy,
            timeout: .seconds(30)
        )
    }

    /// Makes a procedure.
    public static func procedure(_ method: NSID, _ body: JSONValue? = nil, proxy: String? = nil) -> XRPCCall {
        XRPCCall(method: method, kind: .procedure, parameters: [], body: body, proxy: proxy, timeout: .seconds(45))
    }
}
