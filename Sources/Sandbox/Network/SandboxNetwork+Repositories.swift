public import ATProtocol
internal import Crypto
internal import Network

/// Repositories of code that have DIDs of their own, and accounts whose PDS is not where it seems.
extension SandboxNetwork {
    /// Registers the DID of a repository of code: a knot serves it, it has no PDS and no chat, and no person reads it.
    ///
    /// - Parameters:
    ///   - knot: the knot's origin; nothing asks it.
    ///   - isOlder: whether its DID document is of the older kind, which names the knot as if it were a PDS.
    /// - Returns: the DID; nobody claims it yet.
    /// - Throws: ``SandboxError``.
    public func createRepositoryIdentity(
        knot: String = "https://knot.example.org",
        isOlder: Bool = false
    ) throws(SandboxError) -> DID {
        let key: SigningKey
        do { key = try SigningKey(.k256) } catch { throw SandboxError("\(error)") }
        return try plc.registerRepository(knot: knot, isOlder: isOlder, signingKey: key.publicKey)
    }

    /// Lets an account claim a repository of code, by the record that the index looks for.
    ///
    /// - Parameters:
    ///   - repository: the repository's own DID.
    ///   - account: who claims it, rightly or not.
    ///   - name: what it is called.
    ///   - key: the record's key, a new TID when nil.
    /// - Returns: the record.
    /// - Throws: ``SandboxError``.
    @discardableResult
    public func claim(
        _ repository: DID,
        by account: SandboxAccount,
        name: String,
        key: String? = nil
    ) throws(SandboxError) -> ATURI {
        let document = plc.document(of: repository)
        let knot = document?["service"]?[0]?["serviceEndpoint"]?.string ?? ""
        let record: JSONValue = [
            "name": .string(name), "knot": .string(knot.replacing("https://", with: "")),
            index.names.field: .string(repository.text),
            "createdAt": .string(SandboxClock.text(microseconds: clock.uniqueMicroseconds())),
        ]
        return try createRecord(by: account, collection: index.names.collection, record: record, key: key)
    }

    /// Lets the DID document of an account name another PDS, anywhere and in any spelling.
    public func setPDS(_ endpoint: String, of account: SandboxAccount) {
        let key = plc.document(of: account.did)?["verificationMethod"]?[0]?["publicKeyMultibase"]?.string
        let document = PLCDirectory.document(of: account.did, handle: account.handle, pds: endpoint, signingKey: key)
        plc.setDocument(of: account.did, document)
    }

    /// Endpoints for ``setPDS(_:of:)`` that lead to 127.0.0.1 and do not look like it; those with a port to the PDS itself.
    public var disguisedPDSEndpoints: [String] {
        let hosts = ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]"]
        let port = pdsURL.authority.split(separator: ":").last.map(String.init) ?? ""
        return hosts.flatMap { ["http://\($0):\(port)", "https://\($0)"] }
    }
}
