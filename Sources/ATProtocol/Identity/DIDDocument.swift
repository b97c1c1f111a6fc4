internal import Crypto
public import Network

/// The part of a DID document that the network uses (atproto.com/specs/did#did-documents).
///
/// Of several entries that would do the first counts, and what does not fit is passed over: a document holds what other
/// networks want, too.
public struct DIDDocument: Sendable, Equatable {
    /// Whose document.
    public let did: DID
    /// The first name in `alsoKnownAs` that is a handle; verified by nobody yet.
    public let handle: Handle?
    /// The first `#atproto` key that is one, as a Multikey; nil when there is none.
    public let signingKey: String?
    /// The endpoint of `#atproto_pds` as it is written; nil when there is none.
    public let pdsEndpoint: String?
    /// Every service with an address by its fragment: `bsky_chat` → endpoint.
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

    /// What an entry is called in this document, by `#name` or `did:…#name`; nil for what is another document's.
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

    /// The key of a verification method, also in the form that documents had before Multikey (`did:web` may still have it).
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

    /// The PDS as an origin: `https`, default port, no path; plain `http` to loopback only for development.
    ///
    /// - Parameter allowsLoopback: the development switch.
    /// - Returns: an origin with the path `/`.
    /// - Throws: ``IdentityFailure`` of code ``IdentityFailure/Code/noPDS``, or of ``IdentityFailure/Code/refusedHost`` for a
    ///   PDS that there may well be, and to which this program does not go.
    public func pds(allowsLoopback: Bool) throws(IdentityFailure) -> WebURL {
        guard let pdsEndpoint else {
            throw IdentityFailure(code: .noPDS, subject: did.text, detail: "its DID document names no PDS")
        }
        let url: WebURL
        do { url = try WebURL(pdsEndpoint) } catch {
            throw IdentityFailure(code: .noPDS, subject: did.text, detail: "its PDS endpoint \(error)")
        }
        func refused(_ detail: String) -> IdentityFailure {
            IdentityFailure(code: .refusedHost, subject: did.text, detail: "its PDS \(url.origin) \(detail)")
        }
        guard url.target == "/" else { throw refused("is named with a path") }
        if allowsLoopback, url.isLoopback { return url }
        guard url.scheme == .https, url.port == nil else { throw refused("is not https on port 443") }
        return url
    }
}
