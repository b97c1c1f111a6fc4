public import Network

extension CurlHTTPClient {
    /// A client that also goes to this machine, without TLS.
    public static func loopback() -> CurlHTTPClient {
        CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "tests", allowsLoopback: true))
    }
}
