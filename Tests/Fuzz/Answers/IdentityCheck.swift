#if FUZZING || DEBUG
@testable import ATProtocol
@testable import Network

/// A DID document, asked for by the DID that it names.
enum IdentityCheck {
    /// JSON survives being written, and what a document yields obeys its type: a handle, an origin on port 443.
    static let document: @Sendable ([UInt8]) -> Void = { bytes in
        guard let json = try? JSONValue(parsing: bytes) else { return }
        FuzzTarget.require((try? JSONValue(parsing: json.encoded)) == json)
        guard let did = (json["id"]?.string).flatMap({ try? DID($0) }) ?? (try? DID("did:web:example.com")) else {
            return FuzzTarget.require(false)
        }
        do throws(IdentityFailure) {
            let document = try DIDDocument(json, of: did)
            FuzzTarget.require(document.did == did && json["id"]?.string == did.text)
            if let handle = document.handle { FuzzTarget.require((try? Handle(handle.text)) == handle) }
            FuzzTarget.require(!document.services.keys.contains(""))
            let pds = try document.pds(allowsLoopback: false)
            FuzzTarget.require(pds.scheme == .https && pds.port == nil && pds.target == "/")
            FuzzTarget.require((try? WebURL(pds.description)) == pds && (try? WebURL(pds.origin)) == pds)
        } catch {
            FuzzTarget.requireSentence(error.detail)
            FuzzTarget.require(!error.isTransient)
        }
    }
}
#endif
