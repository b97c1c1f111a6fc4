internal import ATProtocol
public import Network

/// One way for a request to go wrong.
public struct Fault: Sendable {
    /// Whether the server has acted on the request when the fault strikes.
    public enum Moment: Sendable {
        /// Nothing was done.
        case beforeHandling
        /// It was done: a message is stored, a token is rotated.
        case afterHandling
    }

    /// What the client sees.
    public enum Effect: Sendable {
        /// Another response than the true one.
        case respond(HTTPResponse)
        /// The connection ends with a FIN and no byte.
        case close
        /// The connection ends with a RST and no byte.
        case reset
        /// The first bytes of the true response, then a FIN or RST.
        case truncate(bytes: Int, resets: Bool)
        /// Nothing for that long, then a FIN.
        case silence(Duration)
        /// The true response, later.
        case delay(Duration)
        /// The true response in pieces with a pause after each.
        case trickle(bytes: Int, pause: Duration)
        /// The true response with so many bytes of white space behind it, which is JSON as before.
        case pad(bytes: Int)
        /// An answer to something else, or not the whole truth.
        case falsify(Falsehood)
        /// The response of a server that misbehaves; the moment says nothing here.
        case misbehave(Misbehaviour)
    }

    /// When it strikes.
    public var moment: Moment
    /// What the client sees.
    public var effect: Effect

    public init(_ effect: Effect, _ moment: Moment = .beforeHandling) {
        self.effect = effect
        self.moment = moment
    }

    /// A response in place of the request's execution.
    public static func respond(_ response: HTTPResponse) -> Fault { Fault(.respond(response)) }

    /// A way to another place in place of the request's execution.
    public static func redirect(to location: String) -> Fault {
        respond(HTTPResponse(status: 302, headers: ["Location": location]))
    }

    /// A server that goes wrong inside.
    public static func misbehave(_ misbehaviour: Misbehaviour) -> Fault { Fault(.misbehave(misbehaviour)) }

    var misbehaviour: Misbehaviour? { if case .misbehave(let misbehaviour) = effect { misbehaviour } else { nil } }

    /// Whether the request is carried out: the fault comes behind, or the client sees the true response.
    var isHandled: Bool {
        switch effect {
        case .delay, .trickle, .truncate, .pad, .misbehave, .falsify: true
        case .respond, .close, .reset, .silence: moment == .afterHandling
        }
    }

    /// The message is stored, the connection ends without a byte.
    public static let dropAfter = Fault(.close, .afterHandling)
    /// Nothing is stored, the connection ends without a byte.
    public static let dropBefore = Fault(.close, .beforeHandling)
    /// RST before anything is done.
    public static let resetBefore = Fault(.reset, .beforeHandling)
    /// RST after it is done.
    public static let resetAfter = Fault(.reset, .afterHandling)
    /// It is done and half of the response's body arrives.
    public static let truncated = Fault(.truncate(bytes: 220, resets: false), .afterHandling)
    /// The chat service's limit, seen through a PDS that has plenty of requests left.
    public static let chatRateLimit = respond(
        .failure(
            429,
            "RateLimitExceeded",
            "Rate Limit Exceeded",
            headers: ["RateLimit-Limit": "3000", "RateLimit-Remaining": "2900", "RateLimit-Policy": "3000;w=300"]
        )
    )
    /// The PDS's own limit.
    public static func pdsRateLimit(retryAfter seconds: Int) -> Fault {
        respond(
            .failure(
                429,
                "RateLimitExceeded",
                "Rate Limit Exceeded",
                headers: [
                    "RateLimit-Limit": "3000", "RateLimit-Remaining": "0", "RateLimit-Policy": "3000;w=300",
                    "Retry-After": "\(seconds)",
                ]
            )
        )
    }
    /// The PDS did not reach the service behind it.
    public static let upstreamFailure = respond(.failure(502, "UpstreamFailure", "Upstream service unreachable"))
    /// The PDS gave up waiting, the service did the work all the same.
    public static let upstreamFailureAfter = Fault(
        .respond(.failure(502, "UpstreamFailure", "Upstream service unreachable")),
        .afterHandling
    )
    /// What a PDS makes of a status outside its table: 520 with `{}`.
    public static let emptyObject = respond(.json([:], status: 520))
    /// A load balancer's page.
    public static let html404 = respond(
        .text("<html><body><h1>404 Not Found</h1></body></html>", status: 404, type: "text/html")
    )
    /// An answer in plain text, as millipds gives it.
    public static let plainText = respond(.text("upstream connect error", status: 503))
    /// A maintenance page, or a captive portal's: 200, and nothing that was asked for.
    public static let htmlPage = respond(
        .text("<html><body><h1>We will be right back</h1></body></html>", type: "text/html; charset=utf-8")
    )
    /// A proxy that wants credentials of its own; no JSON and no challenge that a client of OAuth knows.
    public static let proxy401 = respond(.text("Unauthorized", status: 401))
    /// The same with a page.
    public static let proxy401HTML = respond(
        .text("<html><body><h1>401 Authorization Required</h1></body></html>", status: 401, type: "text/html")
    )
    /// The store of sessions cannot be read, and the server masks it.
    public static let storeError = misbehave(.storeError)
    /// A rotation fails: 500, and the session is gone.
    public static let rotationError = misbehave(.rotationError)
    /// Errors of the token endpoint quote the refresh token.
    public static let quotedToken = misbehave(.quotedToken)
    /// Ten megabytes, though what they say is true.
    public static let padded = Fault(.pad(bytes: 10 << 20))
    /// The index knows no repository yet.
    public static let indexLags = misbehave(.index(.lags))
    /// The index answers for another repository.
    public static let indexConfuses = misbehave(.index(.confuses))
    /// The index names these records.
    public static func indexClaims(_ uris: [String]) -> Fault { misbehave(.index(.claims(uris))) }
    /// 200 and an empty object.
    public static let emptyAnswer = respond(.json([:]))
    /// The answer to an earlier question.
    public static let earlierAnswer = Fault(.falsify(.earlierAnswer))
    /// Messages without the newest.
    public static let oldPage = Fault(.falsify(.oldPage))
    /// Messages of a form that nobody knows yet.
    public static let unknownForms = Fault(.falsify(.unknownForms))
    /// A page of an edge as a reference PDS names it: a refusal that nobody meant.
    public static let namedPage = respond(.failure(400, "InvalidRequest", "Invalid Request"))
    /// Half a minute of nothing.
    public static let silence = Fault(.silence(.seconds(30)))
}
