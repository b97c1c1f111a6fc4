internal import ATProtocol
internal import Crypto

/// JSON Web Keys on P-256 (RFC 7517, RFC 7518 §6.2).
enum JSONWebKey {
    /// Encodes the public members.
    static func json(_ key: PublicKey) -> JSONValue {
        [
            "kty": "EC", "crv": "P-256", "x": .string(Base64.urlEncode(key.x)), "y": .string(Base64.urlEncode(key.y)),
        ]
    }

    /// Encodes the private member `d`, too; for files with mode 0600 only.
    static func json(_ key: SigningKey) throws(CryptoError) -> JSONValue {
        var members = json(key.publicKey).object ?? [:]
        members["d"] = .string(Base64.urlEncode(try key.scalar()))
        return .object(members)
    }

    /// Parses a private key and checks that its point belongs to its scalar.
    static func signingKey(_ json: JSONValue) throws(CryptoError) -> SigningKey {
        guard json["kty"]?.string == "EC", json["crv"]?.string == "P-256",
            let scalar = json["d"]?.string.flatMap({ Base64.urlDecode($0) })
        else { throw CryptoError(code: .invalidKey, detail: "a private JWK is not an EC key on P-256 with a 'd'") }
        let key = try SigningKey(.p256, scalar: scalar)
        guard Base64.urlEncode(key.publicKey.x) == json["x"]?.string,
            Base64.urlEncode(key.publicKey.y) == json["y"]?.string
        else { throw CryptoError(code: .invalidKey, detail: "a private JWK's point does not belong to its 'd'") }
        return key
    }

    /// Parses a public key.
    static func publicKey(_ json: JSONValue) throws(CryptoError) -> PublicKey {
        guard json["kty"]?.string == "EC", json["crv"]?.string == "P-256",
            let x = json["x"]?.string.flatMap({ Base64.urlDecode($0) }),
            let y = json["y"]?.string.flatMap({ Base64.urlDecode($0) })
        else { throw CryptoError(code: .invalidKey, detail: "a JWK is not an EC key on P-256") }
        return try PublicKey(.p256, x: x, y: y)
    }
}
