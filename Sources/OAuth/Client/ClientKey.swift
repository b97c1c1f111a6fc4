public import ATProtocol
internal import Crypto
public import Network

/// The key of a confidential client: the private key stays on this host, the public key is in the hosted metadata.
public struct ClientKey: Sendable {
    /// The `kid` of the key in the metadata.
    public let id: String
    let key: SigningKey

    init(id: String, key: SigningKey) {
        self.id = id
        self.key = key
    }

    /// Generates a key with a date and random characters as `kid`, so that several keys fit into the metadata.
    ///
    /// - Throws: ``OAuthError`` when OpenSSL fails.
    public static func generate(at clock: any WallClock) throws(OAuthError) -> ClientKey {
        do throws(CryptoError) {
            let date = CalendarDate(clock.now())
            return ClientKey(
                id: "\(date)-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))",
                key: try SigningKey(.p256)
            )
        } catch {
            throw OAuthError(code: .crypto, sentence: "The client key could not be made: \(error.detail).")
        }
    }

    /// Reads a private JWK from a file.
    ///
    /// - Throws: ``OAuthError`` with code ``OAuthError/Code/configuration`` that names the file.
    public static func load(_ path: String) throws(OAuthError) -> ClientKey {
        try load(path, files: POSIXFileSystem())
    }

    /// Reads a private JWK from a file in a file system.
    static func load(_ path: String, files: any SessionFileSystem) throws(OAuthError) -> ClientKey {
        let bytes = try SecretFile(files).read(path)
        guard let json = try? JSONValue(parsing: bytes) else {
            throw OAuthError(code: .configuration, sentence: "\(path) is not a JWK in JSON.")
        }
        do throws(CryptoError) {
            let key = try JSONWebKey.signingKey(json)
            return ClientKey(id: json["kid"]?.string ?? key.publicKey.thumbprint, key: key)
        } catch {
            throw OAuthError(code: .configuration, sentence: "\(path) cannot be used: \(error.detail).")
        }
    }

    /// Writes the private JWK to a new file with mode 0600; never replaces an existing file.
    ///
    /// - Throws: ``OAuthError``.
    public func write(to path: String) throws(OAuthError) { try write(to: path, files: POSIXFileSystem()) }

    /// Writes the private JWK to a new file in a file system.
    func write(to path: String, files: any SessionFileSystem) throws(OAuthError) {
        do {
            guard try files.status(of: path) == nil else {
                throw OAuthError(
                    code: .configuration,
                    sentence: "\(path) exists; a key in use must not be replaced, choose another name."
                )
            }
            var members = try JSONWebKey.json(key).object ?? [:]
            members.merge(["kid": .string(id), "alg": "ES256", "use": "sig"]) { $1 }
            // If the machine crashes before the key is used, another one can be generated.
            _ = try files.replace(path, with: JSONValue.object(members).encoded + [0x0A])
        } catch let failure as OAuthError {
            throw failure
        } catch {
            throw OAuthError(code: .storage, sentence: "The client key could not be written: \(error).")
        }
    }

    /// The public JWK for the metadata.
    public var publicJWK: JSONValue {
        var members = JSONWebKey.json(key.publicKey).object ?? [:]
        members.merge(["kid": .string(id), "alg": "ES256", "use": "sig"]) { $1 }
        return .object(members)
    }

    /// The JWK thumbprint (RFC 7638).
    public var thumbprint: String { key.publicKey.thumbprint }
}
