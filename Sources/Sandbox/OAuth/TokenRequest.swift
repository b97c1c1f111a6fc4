/// A request to the token endpoint.
///
/// It is read before anything else is looked at, the proof included; what cannot be read is `invalid_grant`, although no
/// grant is the worse for it.
enum TokenRequest: Sendable {
    case authorizationCode(code: String, redirect: String, verifier: String?)
    case refreshToken(String)
    /// A grant type that exists elsewhere.
    case unsupported(String)

    private static let sentence = "Invalid request payload"

    init(_ form: Form) throws(AuthorizationServer.Refusal) {
        func invalid(_ issue: String) -> AuthorizationServer.Refusal {
            AuthorizationServer.Refusal(code: "invalid_grant", message: "\(Self.sentence): \(issue)")
        }
        func value(_ name: String) throws(AuthorizationServer.Refusal) -> String {
            try form.value(name, orRefuse: "invalid_grant", Self.sentence)
        }
        switch form["grant_type"] {
        case "authorization_code":
            let code = try value("code")
            let redirect = try value("redirect_uri")
            do { _ = try RedirectURI(redirect) } catch { throw invalid("\(error.message) at body.redirect_uri") }
            let verifier = form["code_verifier"]
            if let issue = verifier.flatMap(Self.issue(with:)) { throw invalid("\(issue) at body.code_verifier") }
            self = .authorizationCode(code: code, redirect: redirect, verifier: verifier)
        case "refresh_token": self = .refreshToken(try value("refresh_token"))
        case "client_credentials": self = .unsupported("client_credentials")
        case "password":
            for name in ["username", "password"] { _ = try value(name) }
            self = .unsupported("password")
        default:
            let types = "'authorization_code' | 'refresh_token' | 'password' | 'client_credentials'"
            throw invalid("Invalid discriminator value. Expected \(types) at body.grant_type")
        }
    }

    /// The name of the grant, as client metadata have it.
    var grantType: String {
        switch self {
        case .authorizationCode: "authorization_code"
        case .refreshToken: "refresh_token"
        case .unsupported(let name): name
        }
    }

    private static func issue(with verifier: String) -> String? {
        let isPlain = verifier.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-._~".utf8.contains(byte)
        }
        switch verifier.utf8.count {
        case ..<43: return "String must contain at least 43 character(s)"
        case 129...: return "String must contain at most 128 character(s)"
        default: return isPlain ? nil : "Invalid"
        }
    }
}
