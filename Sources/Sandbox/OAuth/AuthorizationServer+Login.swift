internal import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// From the pushed request to the code in the browser.
extension AuthorizationServer {
    /// `PAR_EXPIRES_IN` of the reference server.
    private static let requestLifetime = 300.0
    private static let codeLifetime = 300.0

    func push(_ form: Form, jkt: String) throws(Refusal) -> HTTPResponse {
        let client = try clients.client(form.clientID(orRefuse: "invalid_client"))
        let proof = try authenticate(form, of: client)
        try checkDeclaration(client)
        let scope = try checkedScope(form, client)
        guard form["response_type"] == "code" else {
            throw Refusal(code: "unsupported_response_type", message: "response_type must be \"code\"")
        }
        let redirect = try checkedRedirect(form, client)
        let challenge = try checkedChallenge(form)
        if let hint = form["login_hint"], accounts.account(named: hint) == nil {
            throw Refusal(code: "invalid_request", message: "Invalid login_hint \"\(hint)\"")
        }
        let uri = "urn:ietf:params:oauth:request_uri:req-" + SecureRandom.token(bytes: 16)
        let pushed = AuthorizationRequest(
            proof: proof,
            jkt: jkt,
            redirect: redirect,
            state: form["state"],
            scope: scope,
            challenge: challenge,
            loginHint: form["login_hint"],
            responseMode: form["response_mode"] ?? "query",
            expiresAt: clock.now().seconds + Self.requestLifetime
        )
        state.withLock { $0.requests[uri] = pushed }
        return .json(["request_uri": .string(uri), "expires_in": 299], status: 201)
    }

    private func checkDeclaration(_ client: OAuthClientInformation) throws(Refusal) {
        guard state.withLock(\.personality) == .beforeGranularScopes else { return }
        let known = ["atproto", "transition:email", "transition:generic", "transition:chat.bsky"]
        for scope in client.scope.split(separator: " ") where !known.contains(String(scope)) {
            throw Refusal(code: "invalid_client_metadata", message: "Unsupported scope \"\(scope)\"")
        }
    }

    private func checkedScope(_ form: Form, _ client: OAuthClientInformation) throws(Refusal) -> String {
        let requested = form["scope"] ?? client.scope
        let declared = Set(client.scope.split(separator: " "))
        for scope in requested.split(separator: " ") where !declared.contains(scope) {
            throw Refusal(code: "invalid_scope", message: "Scope \"\(scope)\" is not declared in the client metadata")
        }
        let granted = GrantedScope(requested)
        guard granted.isUsable else {
            throw Refusal(code: "invalid_scope", message: "The \"atproto\" scope is required")
        }
        return granted.text
    }

    private func checkedRedirect(_ form: Form, _ client: OAuthClientInformation) throws(Refusal) -> String {
        let sentence = "Invalid authorization request"
        let redirect = try form.value("redirect_uri", orRefuse: "invalid_request", sentence)
        do { _ = try RedirectURI(redirect) } catch {
            throw Refusal(code: "invalid_request", message: "\(sentence): \(error.message) at body.redirect_uri")
        }
        guard client.allows(redirect: redirect) else {
            throw Refusal(code: "invalid_request", message: "Invalid redirect_uri \(redirect)")
        }
        return redirect
    }

    private func checkedChallenge(_ form: Form) throws(Refusal) -> String {
        guard let challenge = form["code_challenge"] else {
            throw Refusal(code: "invalid_request", message: "Use of PKCE is required")
        }
        guard form["code_challenge_method"] == "S256" else {
            throw Refusal(code: "invalid_request", message: "atproto requires use of \"S256\" code_challenge_method")
        }
        guard Base64.urlDecode(challenge)?.count == 32 else {
            throw Refusal(code: "invalid_request", message: "Invalid code_challenge")
        }
        guard state.withLock({ $0.challenges.insert(challenge).inserted }) else {
            throw Refusal(code: "invalid_request", message: "Code challenge already used")
        }
        return challenge
    }

    /// The page that a person would see; it approves for the account of the `login_hint` and sends the browser back.
    func authorize(_ request: IncomingRequest) -> HTTPResponse {
        guard request.query.count == 2, let uri = request.parameter("request_uri"),
            let pushed = state.withLock({ $0.requests.removeValue(forKey: uri) }),
            pushed.proof.clientID == request.parameter("client_id")
        else { return .text("invalid_request: Unknown request_uri", status: 400) }
        guard clock.now().seconds < pushed.expiresAt else {
            return .text("access_denied: This request has expired", status: 400)
        }
        guard let account = pushed.loginHint.flatMap({ accounts.account(named: $0) }) else {
            return .text("The sandbox has nobody to ask who is logging in: send a login_hint.", status: 400)
        }
        var answer: [(name: String, value: String)] = [("iss", issuer)]
        if let state = pushed.state { answer.append(("state", state)) }
        if state.withLock(\.isConsenting) {
            let code = PlantedSecret.code()
            let expiry = clock.now().seconds + Self.codeLifetime
            state.withLock { $0.codes[code] = AuthorizationCode(request: pushed, did: account.did, expiresAt: expiry) }
            answer.append(("code", code))
        } else {
            answer.append(("error", "access_denied"))
            answer.append(("error_description", "The user rejected the request"))
        }
        let joint = pushed.responseMode == "fragment" ? "#" : pushed.redirect.contains("?") ? "&" : "?"
        let location = pushed.redirect + joint + PercentEncoding.form(answer)
        return HTTPResponse(status: 303, headers: ["Location": location, "Cache-Control": "no-store"])
    }
}
