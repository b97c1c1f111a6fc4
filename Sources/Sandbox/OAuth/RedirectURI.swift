internal import Network

/// A redirect URI of a kind that the protocol allows (RFC 8252 §7, atproto.com/specs/oauth).
enum RedirectURI: Sendable {
    /// `http://127.0.0.1` or `http://[::1]`, any port.
    case loopback(WebURL)
    /// An ordinary page.
    case page(WebURL)
    /// `com.example.app:/path`; its scheme.
    case privateUse(scheme: String)

    /// What is wrong with a URI.
    struct InvalidError: Error {
        let message: String
    }

    init(_ text: String) throws(InvalidError) {
        if text.hasPrefix("https:") {
            self = .page(try Self.page(text))
        } else if text.hasPrefix("http:") {
            guard let url = try? WebURL(text) else { throw InvalidError(message: "Invalid URL") }
            guard ["localhost", "127.0.0.1", "::1"].contains(url.host) else {
                throw InvalidError(message: "URL must use \"localhost\", \"127.0.0.1\" or \"[::1]\" as hostname")
            }
            guard url.host != "localhost" else {
                let advice = "is not allowed (RFC 8252), use a loopback IP such as \"127.0.0.1\" instead"
                throw InvalidError(message: "Use of \"localhost\" hostname \(advice)")
            }
            self = .loopback(url)
        } else {
            self = .privateUse(scheme: try Self.scheme(text))
        }
    }

    /// An `https` URL of a domain name or an address that is not this machine's.
    static func page(_ text: String) throws(InvalidError) -> WebURL {
        guard let url = try? WebURL(text), url.scheme == .https else { throw InvalidError(message: "Invalid URL") }
        guard !["localhost", "127.0.0.1", "::1"].contains(url.host) else {
            throw InvalidError(message: "https: URL must not use a loopback host")
        }
        if !ClientIdentifier.isAddress(url.host) {
            guard url.host.contains(".") else {
                throw InvalidError(message: "Domain name must contain at least two segments")
            }
            guard !url.host.hasSuffix(".local") else {
                throw InvalidError(message: "Domain name must not end with \".local\"")
            }
        }
        return url
    }

    private static func scheme(_ text: String) throws(InvalidError) -> String {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, labels.count >= 2, labels.allSatisfy({ !$0.isEmpty }) else {
            let kinds = "\"https:\" or \"http:\" protocol, or a private-use URI scheme (RFC 8252)"
            throw InvalidError(message: "URL must use the \(kinds)")
        }
        guard !ClientIdentifier.isLocal(labels.reversed().joined(separator: ".")) else {
            throw InvalidError(message: "Private-use URI Scheme redirect URI must not be a local hostname")
        }
        guard parts[1].hasPrefix("/"), !parts[1].hasPrefix("//") else {
            let form = "<scheme>:/{path} (notice the single slash!) as per RFC 8252"
            throw InvalidError(message: "Private-Use URI Scheme must be in the form \(form)")
        }
        return parts[0].lowercased()
    }
}
