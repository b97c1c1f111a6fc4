/// One call of an XRPC method (atproto.com/specs/xrpc), before anybody decided where it goes and who signs it.
public struct XRPCCall: Sendable {
    /// Whether the method reads or acts.
    public enum Kind: Sendable {
        /// GET with parameters.
        case query
        /// POST with a JSON body.
        case procedure
    }

    /// The method.
    public var method: NSID
    /// Whether it reads or acts.
    public var kind: Kind
    /// Query parameters in order; a name may repeat.
    public var parameters: [(name: String, value: String)]
    /// The JSON body of a procedure.
    public var body: JSONValue?
    /// Value of `atproto-proxy`: `did#service-id`; nil sends none.
    public var proxy: String?
    /// From start to last byte.
    public var timeout: Duration

    /// A GET.
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

    /// A POST.
    public static func procedure(_ method: NSID, _ body: JSONValue? = nil, proxy: String? = nil) -> XRPCCall {
        XRPCCall(method: method, kind: .procedure, parameters: [], body: body, proxy: proxy, timeout: .seconds(45))
    }
}
