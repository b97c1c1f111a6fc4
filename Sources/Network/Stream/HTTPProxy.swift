internal import Crypto

/// An HTTP proxy through which secure connections are tunnelled (`CONNECT`, RFC 9110 §9.3.6).
struct HTTPProxy: Sendable, Equatable, CustomStringConvertible {
    /// Host name or IP literal, IPv6 without brackets.
    let host: String
    /// The port; 1080 if none is given, as with curl.
    let port: UInt16
    /// The value of `Proxy-Authorization` (RFC 7617), nil for none; never logged.
    let authorization: String?
    /// The environment variable that it comes from.
    let variable: String

    /// Parses `[http://][USER[:PASSWORD]@]HOST[:PORT]`, user and password percent-encoded; ignores a path.
    ///
    /// - Parameters:
    ///   - text: the variable's value.
    ///   - variable: the variable's name, for failures.
    /// - Throws: ``ProxySettingsError``.
    init(_ text: String, variable: String) throws(ProxySettingsError) {
        let mark = text.firstRange(of: "://")
        guard mark.map({ text[..<$0.lowerBound].lowercased() }) ?? "http" == "http" else {
            throw ProxySettingsError(
                variable,
                "only an HTTP proxy can be used, for streams and for HTTP: write http://HOST:PORT (a SOCKS or https proxy "
                    + "needs an HTTP proxy before it)"
            )
        }
        let rest = text[(mark?.upperBound ?? text.startIndex)...]
        var address = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !rest[address.endIndex...].contains("@") else {
            throw ProxySettingsError(
                variable,
                "in the user name and password / must be written %2F, ? as %3F and # as %23"
            )
        }
        var credentials: [UInt8] = []
        if let at = address.lastIndex(of: "@") {
            guard let decoded = PercentEncoding.octets(address[..<at]) else {
                throw ProxySettingsError(variable, "in the user name and password % must be written %25")
            }
            // RFC 7617 §2: a colon ends the user name, even when there is no password.
            credentials = decoded.isEmpty || address[..<at].contains(":") ? decoded : decoded + [UInt8(ascii: ":")]
            address = address[address.index(after: at)...]
        }
        do throws(WebURLError) {
            let place = try WebURL.split(address, of: text)
            host = place.host
            port = place.port ?? 1080
        } catch {
            throw ProxySettingsError(variable, "the proxy's address \(error.reason); write http://HOST:PORT")
        }
        authorization = credentials.isEmpty ? nil : "Basic " + Base64.encode(credentials)
        self.variable = variable
    }

    /// `host:port`, with brackets around an IPv6 literal.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The proxy's authority and the variable that it comes from.
    var description: String { "\(authority) (\(variable))" }

    /// Explains a response that refuses `CONNECT`, and what to do about it.
    func refusal(_ status: Int, to target: String) -> String {
        let advice =
            switch status {
            case 407 where authorization == nil:
                "it wants a user name and password; write \(variable)=http://USER:PASSWORD@\(authority)"
            case 407: "it does not accept the user name and password in \(variable); correct them"
            case 500...: "it does not reach \(target); ask whoever runs it"
            default: "have it allow CONNECT to \(target), or name the host in no_proxy"
            }
        return "the proxy \(self) answered \(status): \(advice)"
    }
}
