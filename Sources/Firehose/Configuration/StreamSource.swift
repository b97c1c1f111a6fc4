public import Network

/// One stream host as it is configured: where it is, what it is asked for, and what it is shown.
public struct StreamSource: Sendable, Hashable, CustomStringConvertible {
    /// The address, whose path tells the wire.
    public var url: WebURL
    /// Whether it is asked to compress (RFC 7692); a host that does not is read all the same.
    public var asksForCompression: Bool
    /// The file of the key that the host gave; nil when it wants none.
    package var keyFile: String?
    /// The key, for whoever connects.
    public var key: HostKey?

    /// A host that is shown no key.
    public init(_ url: WebURL, asksForCompression: Bool = false) {
        self.url = url
        self.asksForCompression = asksForCompression
    }

    /// The address.
    public var description: String { url.description }

    /// What an operator can do about the status with which the host refused; nil when it is not about a key.
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
