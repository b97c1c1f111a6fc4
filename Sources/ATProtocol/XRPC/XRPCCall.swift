package import Network

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

    /// The call as an HTTP request to a PDS, without authorization.
    package func request(to pds: WebURL) -> HTTPRequest {
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let proxy { headers["atproto-proxy"] = proxy }
        var bytes: [UInt8] = []
        if let body {
            headers["Content-Type"] = "application/json"
            bytes = body.encoded
        }
        return HTTPRequest(
            kind == .query ? .get : .post,
            pds.with(path: "/xrpc/\(method)", query: parameters),
            headers: headers,
            body: bytes,
            timeout: timeout,
            // Room for a hundred messages of ten kilobytes each with any number of facets.
            maximumBody: 16 << 20
        )
    }
}
