public import Network

/// The server's 101 response.
public struct UpgradeResponse: Sendable {
    public let headers: HTTPHeaders
    /// The subprotocol that the server chose from those offered, nil for none.
    public let subprotocol: String?
    /// The agreed parameters of permessage-deflate, nil for no compression.
    public let deflate: DeflateParameters?
    /// The address that answered.
    public let address: SocketAddress
    /// `TLSv1.3` or `TLSv1.2`, nil on plain TCP.
    public let tlsVersion: String?
    /// Whether an earlier TLS session was resumed.
    public let isResumed: Bool
}
