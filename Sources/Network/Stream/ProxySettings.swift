/// The HTTP proxy for secure connections and its exceptions, from environment variables.
///
/// Streams and HTTP share these settings: libcurl is told them and reads no variable itself. The variables are those of
/// curl: the first of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY` that is not empty, then `no_proxy` or
/// `NO_PROXY`. `http_proxy` is not used: without TLS only loopback is reached, and that directly.
public struct ProxySettings: Sendable, Equatable {
    /// The proxy; nil for none.
    private(set) var proxy: HTTPProxy?
    private var exceptions: [ProxyException] = []

    public static let none = ProxySettings()

    private init() {}

    /// Reads the settings from environment variables.
    ///
    /// - Throws: ``ProxySettingsError`` that names the invalid variable; its text contains no password.
    public init(environment: [String: String]) throws(ProxySettingsError) {
        let proxies = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        guard let (variable, text) = Self.first(of: proxies, in: environment) else { return }
        proxy = try HTTPProxy(text, variable: variable)
        guard let (list, entries) = Self.first(of: ["no_proxy", "NO_PROXY"], in: environment) else { return }
        for entry in entries.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
            guard let exception = ProxyException(String(entry)) else {
                let forms = "a name, an address, a network such as 10.0.0.0/8, or * alone"
                throw ProxySettingsError(list, "'\(entry.prefix(100))' cannot be understood; write \(forms)")
            }
            exceptions.append(exception)
        }
    }

    /// The proxy for a URL; nil when it is reached directly: without TLS, on loopback, or as an exception.
    func proxy(for url: WebURL) -> HTTPProxy? {
        guard let proxy, url.scheme.isSecure, !url.isLoopback else { return nil }
        return exceptions.contains { $0.covers(url) } ? nil : proxy
    }

    /// The first of some variables that is not empty.
    private static func first(of names: [String], in environment: [String: String]) -> (name: String, text: String)? {
        for name in names {
            if let text = environment[name], !text.isEmpty { return (name, text) }
        }
        return nil
    }
}

/// A proxy variable that cannot be understood.
public struct ProxySettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    public let variable: String
    /// What is wrong and what to write instead.
    public let reason: String

    init(_ variable: String, _ reason: String) {
        self.variable = variable
        self.reason = reason
    }

    /// A sentence for the operator.
    public var description: String { "\(variable): \(reason)" }
}
