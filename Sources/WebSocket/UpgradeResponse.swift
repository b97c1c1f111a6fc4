public import Network

/// The server's 101.
public struct UpgradeResponse: Sendable {
    /// The header fields.
    public let headers: HTTPHeaders
    /// The subprotocol that the server chose from those offered, nil for none.
    public let subprotocol: String?
    /// The parameters of permessage-deflate when it was agreed.
    public let deflate: DeflateParameters?
    /// The address that answered.
    public let address: SocketAddress
    /// `TLSv1.3` or `TLSv1.2`, nil on plain TCP.
    public let tlsVersion: String?
    /// Whether an earlier TLS session was resumed.
    public let isResumed: Bool
}
