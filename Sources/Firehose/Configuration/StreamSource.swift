public import Network

/// One configured stream host: its address, whether it should compress, and its key.
public struct StreamSource: Sendable, Hashable, CustomStringConvertible {
    /// The address; its path determines the wire protocol.
    public var url: WebURL
    /// Whether to ask for compression (RFC 7692); a host that does not compress is read anyway.
    public var asksForCompression: Bool
    /// The file with the key for the host; nil when it needs none.
    package var keyFile: String?
    /// The key, which is sent when connecting.
    public var key: HostKey?

    /// A host that needs no key.
    public init(_ url: WebURL, asksForCompression: Bool = false) {
        self.url = url
        self.asksForCompression = asksForCompression
    }

    public var description: String { url.description }

    /// Advice for the operator about a status with which the host refused; nil when it is not about a key.
    package func advice(on status: Int) -> String? {
        switch (status, keyFile) {
        // systemd copies credentials when it starts a service.
        case (401, let file?),
            (403, let file?) where file.hasPrefix("/run/credentials/"):
            "the host does not take the key in \(file): put one where LoadCredential= takes it from, and restart"
        case (401, let file?), (403, let file?):
            "the host does not take the key in \(file): put one there that it takes, and reload"
        case (401, nil), (403, nil):
            "if the host gives keys, put yours into a file that only the daemon may read, name the file as api_key_file "
                + "of this host in stream.hosts, and reload"
        default: nil
        }
    }
}
