public import Network

/// The part of a DID document that the network uses (atproto.com/specs/did#did-documents).
public struct DIDDocument: Sendable, Equatable {
    /// Whose document.
    public let did: DID
    /// The first `at://` name in `alsoKnownAs`; verified by nobody yet.
    public let handle: Handle?
    /// The `#atproto` key in multibase, undecoded; nil when there is none.
    public let signingKey: String?
    /// The endpoint of `#atproto_pds` as it is written; nil when there is none.
    public let pdsEndpoint: String?
    /// Every service by its fragment: `bsky_chat` → endpoint.
    public let services: [String: String]

    /// Reads a document.
    ///
    /// - Parameters:
    ///   - json: the document.
    ///   - did: the DID that was asked for.
    /// - Throws: ``IdentityFailure`` of code ``IdentityFailure/Code/invalidDocument``.
    public init(_ json: JSONValue, of did: DID) throws(IdentityFailure) {
        func invalid(_ detail: String) -> IdentityFailure {
            IdentityFailure(code: .invalidDocument, subject: did.text, detail: detail)
        }
        guard json.object != nil else { throw invalid("its DID document is not a JSON object") }
        guard json["id"]?.string == did.text else { throw invalid("its DID document is of another DID") }
        var services: [String: String] = [:]
        var pds: String?
        for service in json["service"]?.array ?? [] {
            guard let id = service["id"]?.string, let endpoint = service["serviceEndpoint"]?.string else { continue }
            guard id.hasPrefix("#") || id.hasPrefix(did.text + "#"), let fragment = id.split(separator: "#").last else {
                continue
            }
            guard services.updateValue(endpoint, forKey: String(fragment)) == nil else {
                throw invalid("its DID document has two services “\(fragment)”")
            }
            if fragment == "atproto_pds", service["type"]?.string == "AtprotoPersonalDataServer" { pds = endpoint }
        }
        let key = (json["verificationMethod"]?.array ?? []).first {
            $0["id"]?.string == "#atproto" || $0["id"]?.string == did.text + "#atproto"
        }
        let names = (json["alsoKnownAs"]?.array ?? []).compactMap(\.string).filter { $0.hasPrefix("at://") }
        self.did = did
        self.handle = names.first.flatMap { try? Handle(String($0.dropFirst(5))) }
        self.signingKey = key?["publicKeyMultibase"]?.string
        self.pdsEndpoint = pds
        self.services = services
    }

    /// The PDS as an origin: `https`, default port, no path; plain `http` to loopback only for development.
    ///
    /// - Parameter allowsLoopback: the development switch.
    /// - Returns: an origin with the path `/`.
    /// - Throws: ``IdentityFailure`` of code ``IdentityFailure/Code/noPDS`` or ``IdentityFailure/Code/refusedHost``.
    public func pds(allowsLoopback: Bool) throws(IdentityFailure) -> WebURL {
        guard let pdsEndpoint else {
            throw IdentityFailure(code: .noPDS, subject: did.text, detail: "its DID document names no PDS")
        }
        let url: WebURL
        do { url = try WebURL(pdsEndpoint) } catch {
            throw IdentityFailure(code: .noPDS, subject: did.text, detail: "its PDS endpoint \(error)")
        }
        guard url.target == "/" else {
            throw IdentityFailure(code: .noPDS, subject: did.text, detail: "its PDS endpoint has a path")
        }
        if allowsLoopback, url.isLoopback { return url }
        guard url.scheme == .https, url.port == nil else {
            throw IdentityFailure(
                code: .refusedHost,
                subject: did.text,
                detail: "its PDS \(url.origin) is not https on port 443"
            )
        }
        return url
    }
}
