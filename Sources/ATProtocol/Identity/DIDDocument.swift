internal import Crypto
public import Network

/// The part of a DID document that the network uses (atproto.com/specs/did#did-documents).
///
/// If several entries are suitable, the first one counts. Entries of another form are skipped, because a document may
/// serve other networks, too.
public struct DIDDocument: Sendable, Equatable {
    /// The DID that the document describes.
    public let did: DID
    /// The first valid handle in `alsoKnownAs`; not verified yet.
    public let handle: Handle?
    /// The first valid `#atproto` key, as a Multikey; nil when there is none.
    public let signingKey: String?
    /// The endpoint of `#atproto_pds` as written; nil when there is none.
    public let pdsEndpoint: String?
    /// The endpoints of all services, by fragment: `bsky_chat` → endpoint.
    public let services: [String: String]

    /// Parses a document.
    ///
    /// - Parameters:
    ///   - json: the document.
    ///   - did: the DID that was resolved.
    /// - Throws: ``IdentityError`` with code ``IdentityError/Code/invalidDocument``.
    public init(_ json: JSONValue, of did: DID) throws(IdentityError) {
        func invalid(_ detail: String) -> IdentityError {
            IdentityError(code: .invalidDocument, subject: did.text, detail: detail)
        }
        guard json.object != nil else { throw invalid("its DID document is not a JSON object") }
        guard json["id"]?.string == did.text else { throw invalid("its DID document is of another DID") }
        var services: [String: String] = [:]
        var pds: String?
        for service in json["service"]?.array ?? [] {
            guard let fragment = Self.fragment(of: service, in: did), let endpoint = service["serviceEndpoint"]?.string
            else { continue }
            services[fragment] = services[fragment] ?? endpoint
            if fragment == "atproto_pds", service["type"]?.string == "AtprotoPersonalDataServer" {
                pds = pds ?? endpoint
            }
        }
        self.did = did
        handle = (json["alsoKnownAs"]?.array ?? []).lazy.compactMap(Self.handle).first
        signingKey =
            (json["verificationMethod"]?.array ?? []).lazy
            .filter { Self.fragment(of: $0, in: did) == "atproto" }
            .compactMap { Self.multikey($0, of: did) }.first
        pdsEndpoint = pds
        self.services = services
    }

    /// The fragment of an entry whose `id` is `#name` or `did:…#name`; nil when it belongs to another document.
    private static func fragment(of entry: JSONValue, in did: DID) -> String? {
        guard let id = entry["id"]?.string else { return nil }
        let prefix = id.hasPrefix("#") ? "#" : did.text + "#"
        guard id.hasPrefix(prefix), id != prefix else { return nil }
        return String(id.dropFirst(prefix.count))
    }

    private static func handle(_ name: JSONValue) -> Handle? {
        guard let text = name.string, text.hasPrefix("at://") else { return nil }
        return try? Handle(String(text.dropFirst(5)))
    }

    /// The key of a verification method, also in the form before Multikey, which `did:web` documents may still have.
    private static func multikey(_ method: JSONValue, of did: DID) -> String? {
        guard let text = method["publicKeyMultibase"]?.string, (method["controller"]?.string ?? did.text) == did.text
        else { return nil }
        let key: PublicKey? =
            switch method["type"]?.string {
            case "Multikey", nil: try? PublicKey(multikey: text)
            case "EcdsaSecp256r1VerificationKey2019": try? PublicKey(.p256, multibase: text)
            case "EcdsaSecp256k1VerificationKey2019": try? PublicKey(.k256, multibase: text)
            default: nil
            }
        return key?.multikey
    }

    /// The origin of the PDS: `https`, default port, no path; for development also plain `http` to loopback.
    ///
    /// - Parameter allowsLoopback: whether the development form is allowed.
    /// - Returns: an origin with the path `/`.
    /// - Throws: ``IdentityError`` with code ``IdentityError/Code/noPDS``, or with
    ///   ``IdentityError/Code/refusedHost`` for a PDS that may exist but that this program must not contact.
    public func pds(allowsLoopback: Bool) throws(IdentityError) -> WebURL {
        guard let pdsEndpoint else {
            throw IdentityError(code: .noPDS, subject: did.text, detail: "its DID document names no PDS")
        }
        let url: WebURL
        do { url = try WebURL(pdsEndpoint) } catch {
            throw IdentityError(code: .noPDS, subject: did.text, detail: "its PDS endpoint \(error)")
        }
        func refused(_ detail: String) -> IdentityError {
            IdentityError(code: .refusedHost, subject: did.text, detail: "its PDS \(url.origin) \(detail)")
        }
        guard url.target == "/" else { throw refused("is named with a path") }
        if allowsLoopback, url.isLoopback { return url }
        guard url.scheme == .https, url.port == nil else { throw refused("is not https on port 443") }
        return url
    }
}
