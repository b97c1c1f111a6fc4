internal import ATProtocol
internal import Network

/// A login between its two halves, in a file with mode 0600; valid for an hour and for one callback.
struct PendingLogin: Sendable, Equatable, CustomStringConvertible {
    static let lifetime = Duration.seconds(3600)

    var state: String
    var verifier: String
    var dpopKey: JSONValue
    var issuer: String
    var account: DID
    var clientID: String
    var redirectURI: String
    var clientKeyID: String?
    var createdAt: UnixTime

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": 1, "state": .string(state), "code_verifier": .string(verifier), "dpop_key": dpopKey,
            "issuer": .string(issuer), "did": .string(account.text), "client_id": .string(clientID),
            "redirect_uri": .string(redirectURI), "created_at": .integer(Int64(createdAt.seconds)),
        ]
        if let clientKeyID { members["kid"] = .string(clientKeyID) }
        return .object(members)
    }

    /// Without secrets, in case it is printed.
    var description: String { "login of \(account)" }
}

extension PendingLogin {
    init?(_ json: JSONValue) {
        guard json["format"]?.integer == 1, let state = json["state"]?.string,
            let verifier = json["code_verifier"]?.string, let dpopKey = json["dpop_key"],
            let issuer = json["issuer"]?.string, let account = json["did"]?.string.flatMap({ try? DID($0) }),
            let clientID = json["client_id"]?.string, let redirectURI = json["redirect_uri"]?.string,
            let createdAt = json["created_at"]?.integer
        else { return nil }
        self.init(
            state: state,
            verifier: verifier,
            dpopKey: dpopKey,
            issuer: issuer,
            account: account,
            clientID: clientID,
            redirectURI: redirectURI,
            clientKeyID: json["kid"]?.string,
            createdAt: UnixTime(seconds: Double(createdAt))
        )
    }
}
