package import Crypto
package import Network

/// The signed root of a repository (atproto.com/specs/repository#commit-objects).
package struct RepositoryCommit: Sendable, Equatable {
    /// The account that the repository belongs to.
    package let did: DID
    /// The revision.
    package let rev: TID
    /// The root of the tree of records.
    package let data: CID
    /// The signed bytes: the commit without its signature, as DAG-CBOR.
    package let unsigned: [UInt8]
    /// The signature r ‖ s, 64 octets.
    package let signature: [UInt8]

    /// Decodes a commit block.
    ///
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/malformed``.
    package init(_ block: [UInt8]) throws(RepositoryError) {
        func malformed(_ detail: String) -> RepositoryError {
            RepositoryError(code: .malformed, detail: "the commit is malformed: \(detail)")
        }
        let json: JSONValue
        do { json = try JSONValue(dagCBOR: unsafe block.span.bytes) } catch { throw RepositoryError(error) }
        guard json["version"]?.integer == 3, var members = json.object else { throw malformed("its version is not 3") }
        do {
            did = try DID(json["did"]?.string ?? "")
            rev = try TID(json["rev"]?.string ?? "")
            data = try CID(json["data"]?["$link"]?.string ?? "")
        } catch {
            throw malformed(error.description)
        }
        guard let signature = json["sig"]?["$bytes"]?.string.flatMap({ Base64.decode($0) }), signature.count == 64
        else {
            throw malformed("its signature does not have 64 octets")
        }
        self.signature = signature
        members["sig"] = nil
        // Strictly decoded bytes encode to the same bytes again.
        do { unsigned = try JSONValue.object(members).dagCBOR() } catch { throw malformed(error.description) }
    }

    /// How far a revision may be in the future (atproto.com/specs/sync#validation).
    package static let maximumLead = Duration.seconds(300)

    /// Checks that the revision is not in the future, which would make all later ones look old.
    ///
    /// - Parameter now: the current time.
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/futureRevision``.
    package func checkRevision(now: UnixTime) throws(RepositoryError) {
        guard rev.time - now <= Self.maximumLead else {
            throw RepositoryError(
                code: .futureRevision,
                detail: "the revision \(rev) of \(did) is more than 5 minutes in the future"
            )
        }
    }

    /// Verifies the signature.
    ///
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/wrongSignature``.
    package func verify(with key: PublicKey) throws(RepositoryError) {
        guard key.isValid(signature, for: unsigned) else {
            throw RepositoryError(
                code: .wrongSignature,
                detail: "the commit \(rev) of \(did) is not signed by its key"
            )
        }
    }
}
