#if FUZZING || DEBUG
@testable import ATProtocol
@testable import Network
import Crypto
import FuzzDriver

/// A DID document, asked for by the DID that it names.
enum IdentityCheck {
    /// JSON survives being written, and what a document yields obeys its type: a handle, an origin on port 443.
    static let document: @Sendable ([UInt8]) -> Void = { bytes in
        guard let json = try? JSONValue(parsing: bytes) else { return }
        require((try? JSONValue(parsing: json.encoded)) == json)
        guard let did = (json["id"]?.string).flatMap({ try? DID($0) }) ?? (try? DID("did:web:example.com")) else {
            return require(false)
        }
        do throws(IdentityError) {
            let document = try DIDDocument(json, of: did)
            require(document.did == did && json["id"]?.string == did.text)
            if let handle = document.handle { require((try? Handle(handle.text)) == handle) }
            require(!document.services.keys.contains(""))
            if let key = document.signingKey { require((try? PublicKey(multikey: key))?.multikey == key) }
            let pds = try document.pds(allowsLoopback: false)
            require(pds.scheme == .https && pds.port == nil && pds.target == "/")
            require((try? WebURL(pds.description)) == pds && (try? WebURL(pds.origin)) == pds)
        } catch {
            FuzzTarget.requireSentence(error.detail)
            require(error.isTransient == (error.code == .invalidDocument))
        }
    }
}
#endif
