public import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// `plc.directory`: DID documents by DID, and whatever a test puts in their place.
public final class PLCDirectory: Sendable {
    private enum Entry {
        case document(JSONValue)
        case tombstone
    }

    private let entries = Mutex<[String: Entry]>([:])

    init() {}

    /// Registers an identity whose DID is the hash of its first operation, as in the real directory.
    func register(handle: Handle, pds: WebURL, signingKey: PublicKey?) throws(SandboxError) -> DID {
        let services: JSONValue = [
            "atproto_pds": ["type": "AtprotoPersonalDataServer", "endpoint": .string(pds.origin)]
        ]
        let did = try Self.did(of: ["at://\(handle)"], services, signingKey)
        setDocument(of: did, Self.document(of: did, handle: handle, pds: pds.origin, signingKey: signingKey?.multikey))
        return did
    }

    /// Registers a repository of code, which has no name; an older one has its knot where accounts have their PDS.
    func registerRepository(knot: String, isOlder: Bool, signingKey: PublicKey) throws(SandboxError) -> DID {
        let (id, type) = isOlder ? ("atproto_pds", "AtprotoPersonalDataServer") : ("tangled_knot", "TangledKnot")
        let did = try Self.did(of: [], [id: ["type": .string(type), "endpoint": .string(knot)]], signingKey)
        let service: JSONValue = [
            "id": .string("#\(id)"), "type": .string(type), "serviceEndpoint": .string(knot),
        ]
        setDocument(of: did, Self.document(of: did, names: [], service: service, signingKey: signingKey.multikey))
        return did
    }

    private static func did(
        of names: [String],
        _ services: JSONValue,
        _ signingKey: PublicKey?
    ) throws(SandboxError) -> DID {
        let operation: JSONValue = [
            "type": "plc_operation", "alsoKnownAs": .array(names.map(JSONValue.string)), "prev": .null,
            "services": services,
            "verificationMethods": signingKey.map { ["atproto": .string($0.didKey)] } ?? [:],
            "nonce": .string(SecureRandom.token(bytes: 12)),
        ]
        let identifier = Base32.encode(Digest.sha256(operation.encoded)).prefix(24)
        do { return try DID("did:plc:\(identifier)") } catch { throw SandboxError("\(error)") }
    }

    /// A document in the directory's form.
    ///
    /// - Parameters:
    ///   - did: whose.
    ///   - handle: for `alsoKnownAs`.
    ///   - pds: the endpoint as it shall be written; nil leaves the service out.
    ///   - signingKey: multibase; nil leaves it out.
    /// - Returns: the document.
    public static func document(of did: DID, handle: Handle, pds: String?, signingKey: String? = nil) -> JSONValue {
        let service = pds.map { pds -> JSONValue in
            ["id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": .string(pds)]
        }
        return document(of: did, names: ["at://\(handle)"], service: service, signingKey: signingKey)
    }

    private static func document(
        of did: DID,
        names: [String],
        service: JSONValue?,
        signingKey: String?
    ) -> JSONValue {
        let key = signingKey.map { key -> JSONValue in
            [
                "id": .string("\(did)#atproto"), "type": "Multikey", "controller": .string(did.text),
                "publicKeyMultibase": .string(key),
            ]
        }
        return [
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": .string(did.text),
            "alsoKnownAs": .array(names.map(JSONValue.string)),
            "verificationMethod": .array([key].compactMap(\.self)),
            "service": .array([service].compactMap(\.self)),
        ]
    }

    /// Replaces a document with any JSON, right or wrong.
    public func setDocument(of did: DID, _ document: JSONValue) {
        entries.withLock { $0[did.text] = .document(document) }
    }

    /// The document as it is served; nil when there is none.
    public func document(of did: DID) -> JSONValue? {
        entries.withLock {
            guard case .document(let document) = $0[did.text] else { return nil }
            return document
        }
    }

    /// Turns an identity into a tombstone, which the directory's code answers with 404, other than its documentation.
    public func tombstone(_ did: DID) { entries.withLock { $0[did.text] = .tombstone } }

    func answer(_ request: IncomingRequest) -> HTTPResponse {
        guard request.isReading else {
            return .json(["message": "Method not allowed"], status: 405)
        }
        if request.path == "/_health" { return .json(["version": "sandbox"]) }
        let did = PercentEncoding.decode(request.path.dropFirst()) ?? ""
        switch entries.withLock({ $0[did] }) {
        case .document(let document):
            return .json(document, headers: ["Content-Type": "application/did+ld+json; charset=utf-8"])
        case .tombstone: return .json(["message": .string("DID not available: \(did)")], status: 404)
        case nil: return .json(["message": .string("DID not registered: \(did)")], status: 404)
        }
    }
}
