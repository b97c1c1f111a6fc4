internal import ATProtocol
internal import Network

/// Advice for the operator about an error with which the authorization server refuses a login.
///
/// The error may come from the pushed request, in the callback, or from the token endpoint.
struct RefusalAdvice {
    /// Whether the client has hosted metadata, and its key is on this host.
    let isHosted: Bool
    let scope: ScopeChoice

    /// All errors with advice of their own; docs/oauth.md has the same list.
    ///
    /// They are defined in RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2, RFC 9101, RFC 9449 and OpenID Connect Core
    /// §3.1.2.6.
    static let known = [
        "access_denied", "account_selection_required", "consent_required", "insufficient_scope", "interaction_required",
        "invalid_client", "invalid_client_metadata", "invalid_dpop_proof", "invalid_grant", "invalid_redirect_uri",
        "invalid_request", "invalid_request_object", "invalid_request_uri", "invalid_scope", "invalid_token",
        "login_required", "server_error", "slow_down", "temporarily_unavailable", "unauthorized_client",
        "unsupported_grant_type", "unsupported_response_type", "use_dpop_nonce",
    ]

    /// The advice as sentences; the status is used if the error's name is unknown.
    func text(for error: String?, status: Int) -> String {
        if status == 429 { return "Wait an hour: the server limits the number of logins." }
        if let text = error.flatMap(own) { return text }
        if status >= 500 { return Self.later }
        return "Start again with 'impact-notifier login'; when that is refused, too, report this line to the server's "
            + "operator. \(Self.otherWay)"
    }

    private func own(_ error: String) -> String? {
        switch error {
        case "invalid_client_metadata": clientMetadata
        case "invalid_scope", "insufficient_scope": scopes
        case "invalid_redirect_uri": isHosted ? Self.verify : Self.noClientID
        case "invalid_client": isHosted ? Self.verify : "\(Self.noClientID) \(Self.otherWay)"
        case "access_denied":
            "Start again with 'impact-notifier login', and approve it in a browser that is signed in as the account."
        case "login_required", "interaction_required", "consent_required", "account_selection_required":
            "Start again with 'impact-notifier login', open the address in a browser, sign in as the account, and approve."
        case "invalid_grant", "invalid_request_uri", "invalid_request_object", "invalid_token":
            "Start again with 'impact-notifier login': addresses and codes are good once, and for five minutes."
        case "invalid_request":
            "Start again with 'impact-notifier login'; when that is refused, too, write the account's DID as 'account', and "
                + "see that its PDS is up to date."
        case "use_dpop_nonce":
            "Try again in a minute. When it stays, a proxy before the server takes away the DPoP-Nonce header: report it to "
                + "the server's operator."
        case "invalid_dpop_proof":
            "Set this machine's clock (timedatectl). When it is right, a proxy before the server shows it another address "
                + "than ours: report it to the server's operator."
        case "temporarily_unavailable", "server_error", "slow_down": Self.later
        case "unauthorized_client", "unsupported_response_type", "unsupported_grant_type":
            "The server does not let clients like this one log in. \(Self.otherWay)"
        default: nil
        }
    }

    private var clientMetadata: String {
        if isHosted {
            return
                "\(Self.verify) When that finds nothing, the server may be from before August 2025 and refuse clients that "
                + "declare scopes which it does not know: set session.scope to transition, host what 'impact-notifier client "
                + "metadata' prints then, and log in ten minutes later."
        }
        return scope == .granular
            ? "The server may be from before August 2025 and know no granular scopes: 'impact-notifier login --scope transition'."
            : "The server takes no clients of kind loopback: set session.kind to confidential. \(Self.otherWay)"
    }

    private var scopes: String {
        if isHosted {
            let hosting =
                "The hosted document must declare what is asked for: host what 'impact-notifier client metadata' prints, and "
                + "log in ten minutes later, for servers keep the old one that long."
            guard scope == .granular else { return hosting }
            return
                "\(hosting) When it declares it already, the server may know no granular scopes: set session.scope to "
                + "transition, and host what is printed then."
        }
        return scope == .granular
            ? "The server may know no granular scopes: 'impact-notifier login --scope transition'."
            : "The server offers no access to direct messages: update it, if it is yours. \(Self.otherWay)"
    }

    private static let later =
        "Wait some minutes and start again with 'impact-notifier login'; nothing of an older session was touched."
    private static let verify =
        "Run 'impact-notifier client verify', host what 'impact-notifier client metadata' prints (with --also-key while keys "
        + "change), and log in ten minutes later."
    private static let noClientID = "Leave session.client_id out, and start again with 'impact-notifier login'."
    private static let otherWay = "An app password is another way: session.kind: app-password."
}

extension RefusalAdvice {
    init(_ configuration: SessionConfiguration) {
        self.init(isHosted: configuration.kind == .confidential, scope: configuration.scope)
    }
}
