internal import Network

/// The person with the browser in a login: follows redirects, wherever they lead on this machine.
struct Browser: Sendable {
    private static let maximumRedirects = 10

    private let http = CurlHTTPClient(
        configuration: HTTPClientConfiguration(userAgent: "sandbox", allowsLoopback: true)
    )

    /// Opens a page and follows its redirects to the end.
    ///
    /// - Returns: the last answer.
    /// - Throws: ``SandboxError`` when a page cannot be had.
    func open(_ url: WebURL) async throws(SandboxError) -> HTTPResponse {
        var url = url
        for _ in 0..<Self.maximumRedirects {
            do {
                let response = try await http.send(HTTPRequest(.get, url))
                guard (300..<400).contains(response.status), let location = response.headers["Location"] else {
                    return response
                }
                // A fragment stays in the browser.
                url = try WebURL(String(location.prefix { $0 != "#" }))
            } catch {
                throw SandboxError("the browser cannot open \(url.origin): \(error)")
            }
        }
        throw SandboxError("too many redirects")
    }
}
