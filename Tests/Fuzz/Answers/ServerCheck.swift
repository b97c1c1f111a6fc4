#if FUZZING || DEBUG
@testable import ATProtocol
import Dispatch
@testable import Network
@testable import OAuth
import Synchronization
import FuzzDriver

/// The metadata of a PDS and, behind a NUL, of its authorization server; nothing stands for 404.
enum ServerCheck {
    private struct Pages: HTTPClient, IdentityResolving {
        let resource: [UInt8]
        let server: [UInt8]

        func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
            let body = request.url.path.hasSuffix("/oauth-protected-resource") ? resource : server
            require(request.url.scheme == .https)
            return HTTPResponse(
                status: body.isEmpty ? 404 : 200,
                headers: ["Content-Type": "application/json"],
                body: body
            )
        }

        func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument {
            throw IdentityError(code: .notFound, subject: did.text, detail: "nobody is asked")
        }

        func did(of handle: Handle) async throws(IdentityError) -> DID {
            throw IdentityError(code: .notFound, subject: handle.text, detail: "nobody is asked")
        }
    }

    private final class Outcome: Sendable {
        let value = Mutex<Result<AuthorizationServer, OAuthError>?>(nil)
    }

    /// A server that is accepted speaks for the PDS, over TLS alone, and is accepted again as it was understood.
    static let metadata: @Sendable ([UInt8]) -> Void = { bytes in
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
        guard let pds = try? WebURL("https://pds.example.com"), let resource = parts.first else { return }
        let pages = Pages(resource: resource, server: parts.count == 2 ? parts[1] : [])
        switch discover(pages, pds) {
        case .failure(let failure): FuzzTarget.requireSentence(failure.description)
        case .success(let server):
            guard let origin = try? WebURL(server.issuer) else { return require(false) }
            require(origin.origin == server.issuer)
            let endpoints = [server.authorizationEndpoint, server.tokenEndpoint, server.pushedRequestEndpoint]
            for url in endpoints + [server.revocationEndpoint].compactMap(\.self) + [origin] {
                require(url.scheme == .https && (try? WebURL(url.description)) == url)
            }
            guard let json = try? JSONValue(parsing: pages.server), let again = try? JSONValue(parsing: json.encoded)
            else { return require(false) }
            let second = try? AuthorizationServer(again, origin: origin, resource: pds, allowsLoopback: false)
            require(second == server)
        }
    }

    private static func discover(_ pages: Pages, _ pds: WebURL) -> Result<AuthorizationServer, OAuthError> {
        let outcome = Outcome()
        let isDone = DispatchSemaphore(value: 0)
        Task.detached {
            let discovery = ServerDiscovery(client: pages, identities: pages, allowsLoopback: false)
            let result: Result<AuthorizationServer, OAuthError>
            do throws(OAuthError) { result = .success(try await discovery.server(of: pds)) } catch {
                result = .failure(error)
            }
            outcome.value.withLock { $0 = result }
            isDone.signal()
        }
        isDone.wait()
        let none = OAuthError(code: .transport, sentence: "nothing came of it")
        return outcome.value.withLock { $0 } ?? .failure(none)
    }
}
#endif
