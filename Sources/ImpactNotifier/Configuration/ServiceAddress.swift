internal import Network

/// The address of a service as an operator writes it, or what is wrong with it.
struct ServiceAddress {
    /// Nil when it cannot be used.
    let url: WebURL?
    /// What is wrong, and if possible what was meant; nil when nothing is wrong.
    let objection: String?

    /// An address with its own path: https, or plain http to loopback where that is allowed.
    init(_ text: String, allowsLoopback: Bool) {
        self.init(text) { url in
            switch url.scheme {
            case .https: nil
            case .http where url.isLoopback && allowsLoopback: nil
            case .http where url.isLoopback:
                "http leads to loopback addresses alone, with development.allow_loopback"
            case .http, .ws, .wss: "its scheme is not https"
            }
        }
    }

    /// An origin, to which paths are added: scheme, host and optionally a port.
    init(origin text: String, allowsLoopback: Bool) {
        let address = ServiceAddress(text, allowsLoopback: allowsLoopback)
        guard let url = address.url, url.target != "/" else {
            self = address
            return
        }
        self.init(text) { "it has more than a host; did you mean \($0.origin)?" }
    }

    init(stream text: String, objection: (WebURL) -> String?) { self.init(text, objection) }

    private init(_ text: String, _ objection: (WebURL) -> String?) {
        do {
            let url = try WebURL(text)
            // An IPv6 literal contains colons, and was parsed as one.
            let isHost = url.host.contains(":") || KnownHosts.isName(url.host)
            self.objection = isHost ? objection(url) : "its host is no name: a part of it is empty, or too long"
            self.url = self.objection == nil ? url : nil
        } catch {
            self.url = nil
            self.objection = "it \(error.reason)"
        }
    }
}

extension ConfigurationSection {
    /// The addresses of a list, each once.
    ///
    /// - Parameters:
    ///   - key: within this section.
    ///   - fallback: used when the key is absent.
    ///   - expected: what each should be, for the error message.
    ///   - reading: parses each text.
    /// - Returns: the usable ones.
    func addresses(
        _ key: String,
        default fallback: [WebURL],
        expected: String,
        reading: (String) -> ServiceAddress
    ) -> [WebURL] {
        let before = problemCount
        let urls = list(key, default: fallback, expected: expected, objection: { reading($0).objection }) {
            reading($0).url
        }
        if problemCount == before { flagRepeated(key, urls) }
        return urls
    }

    /// Reports each element of a list whose address is also that of an earlier one.
    func flagRepeated(_ key: String, _ urls: [WebURL]) {
        var seen: Set<WebURL> = []
        for (index, url) in urls.enumerated() where !seen.insert(url).inserted {
            flag("\(key)[\(index)]", "the same as one before it; name each address once")
        }
    }

    /// The origin of a service.
    func origin(_ key: String, default fallback: String, allowsLoopback: Bool) -> WebURL? {
        func reading(_ text: String) -> ServiceAddress { ServiceAddress(origin: text, allowsLoopback: allowsLoopback) }
        return value(
            key,
            default: try? WebURL(fallback),
            expected: "an https:// URL without a path",
            show: { $0?.origin ?? "" },
            objection: { reading($0).objection }
        ) { text -> WebURL?? in reading(text).url.map(Optional.some) }
    }
}
