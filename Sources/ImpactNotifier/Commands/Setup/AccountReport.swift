internal import ATProtocol
internal import Network
internal import Notifier
internal import OAuth

/// What can be found out about an account without a login.
struct AccountReport: Sendable, Equatable {
    let did: DID
    /// The handle that resolves to the account and is in its document; nil for none.
    let handle: Handle?
    /// The account's PDS.
    let server: String
    /// Why a login by OAuth is impossible; nil when it is possible.
    let lacksOAuth: String?
    /// Why messages will not reach the chat service; nil when nothing prevents it.
    let lacksChat: String?

    /// The value for `account`: the DID, which never changes, and the handle as a comment.
    var value: String { handle.map { "\(did)  # \($0)" } ?? did.text }

    /// What the operator is told.
    var lines: [String] {
        let name = handle.map { "@\($0) is \(did)" } ?? "\(did), whose handle does not lead back to it, is there"
        let login =
            lacksOAuth.map { "a login by app password alone, not by OAuth (\($0))" }
            ?? "a login by OAuth or app password"
        let chat = lacksChat.map { "LOOK AGAIN: \($0)" } ?? "and passes calls on to the chat service."
        return ["   \(name), on \(server).", "   It offers \(login)", "   \(chat)"]
    }
}

/// Asks the network about an account, as `login` and `doctor` do, but without a session.
struct AccountInquiry {
    let configuration: Configuration
    let services: NetworkServices

    /// The account's identity, checked in both directions, and what its server supports.
    ///
    /// - Throws: ``SetupError`` when the account does not exist, or its server does not answer.
    func report(on account: ATURI.Authority) async throws(SetupError) -> AccountReport {
        let did = try await did(of: account)
        let pds: WebURL
        do throws(IdentityError) {
            pds = try await services.identities.document(of: did, isFresh: true)
                .pds(allowsLoopback: configuration.allowsLoopback)
        } catch { throw Self.objection(error) }
        try await requireServer(at: pds)
        return AccountReport(
            did: did,
            handle: await services.identities.handle(of: did),
            server: pds.origin,
            lacksOAuth: await oauthObstacle(of: did),
            lacksChat: await chatObstacle(of: did, on: pds)
        )
    }

    /// The DID of an account; a handle is resolved, and must also be in the document.
    func did(of account: ATURI.Authority) async throws(SetupError) -> DID {
        switch account {
        case .did(let did): return did
        case .handle(let handle):
            do throws(IdentityError) { return try await services.identities.did(of: handle) } catch {
                throw Self.objection(error)
            }
        }
    }

    private static func objection(_ failure: IdentityError) -> SetupError {
        let advice = failure.isTransient ? "; can this machine reach it? Try again" : ""
        return SetupError("\(failure)\(advice)", .unavailable)
    }

    /// Checks that the server is a PDS: only a PDS describes itself in this way (com.atproto.server.describeServer).
    private func requireServer(at pds: WebURL) async throws(SetupError) {
        let request = HTTPRequest(.get, pds.with(path: "/xrpc/com.atproto.server.describeServer"))
        let found: String
        do throws(HTTPError) {
            let response = try await services.http.send(request)
            if response.isSuccess, (try? JSONValue(parsing: response.body))?["did"]?.string != nil { return }
            found = "it answered \(XRPCError(response))"
        } catch { found = "\(error)" }
        throw SetupError("\(pds.origin), where the account is, is no PDS that can be used: \(found)", .unavailable)
    }

    private func oauthObstacle(of did: DID) async -> String? {
        do throws(OAuthError) {
            let session = configuration.sessionConfiguration(of: did)
            _ = try await OAuthLogin(session, services.sessionEnvironment).issuer()
            return nil
        } catch { return error.sentence }
    }

    /// Why calls would not reach the chat service; nil when they would.
    ///
    /// A PDS that passes calls on first asks who calls; one that does not says so.
    private func chatObstacle(of did: DID, on pds: WebURL) async -> String? {
        let proxy = configuration.delivery.sending.proxy
        let chat = ChatClient(session: Nobody(account: did, pds: pds, http: services.http), proxy: proxy)
        do throws(CallError) { _ = try await chat.isChatDisabled() } catch {
            guard error.status != 401 else { return nil }
            return FailureAdvice(error, in: .readStatus, proxy: proxy).found
        }
        return nil
    }
}

/// A session without tokens, to see how servers answer its calls.
private struct Nobody: AccountSession {
    let account: DID
    let pds: WebURL
    let http: CurlHTTPClient

    func send(_ call: XRPCCall) async throws(SessionError) -> HTTPResponse {
        do throws(HTTPError) { return try await http.send(call.request(to: pds)) } catch { throw SessionError(error) }
    }
}
