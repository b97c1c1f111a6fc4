import Network
import OAuth
import Sandbox
import TestSupport
import Testing

/// Guards against whatever else on the machine, or in its browser, comes to the port of a login.
@Suite(.timeLimit(.minutes(1))) struct `The listener of a login` {
    /// A login that has begun, and the address that the browser is sent to at its end.
    private struct Begun {
        let login: SandboxLogin
        let oauth: OAuthLogin
        let listener: CallbackListener
        let invitation: OAuthLogin.Invitation
        let callback: WebURL

        init() async throws {
            login = try await SandboxLogin()
            listener = try CallbackListener()
            oauth = OAuthLogin(login.configuration, login.environment)
            invitation = try await oauth.start(port: listener.port)
            listener.expect(invitation)
            callback = try WebURL(try await login.browse(invitation.authorizationURL))
        }

        /// Opens the callback with something in it changed.
        func open(_ text: String = "", as other: String = "") async throws -> HTTPResponse {
            try await login.client.send(HTTPRequest(.get, WebURL(callback.description.replacing(text, with: other))))
        }
    }

    @Test func `gives the browser's callback to the login`() async throws {
        let begun = try await Begun()
        #expect(begun.callback.effectivePort == begun.listener.port)
        let stray = try await begun.login.client.send(HTTPRequest(.get, begun.callback.with(path: "/favicon.ico")))
        #expect(stray.status == 404)
        // The browser may be back before anybody waits for it.
        let page = try await begun.open()
        #expect(page.status == 200)
        #expect(String(decoding: page.body, as: UTF8.self).contains("Back to the terminal"))
        #expect(page.headers["Referrer-Policy"] == "no-referrer" && page.headers["Cache-Control"] == "no-store")
        #expect(try await begun.oauth.complete(await begun.listener.callback() ?? "").state == .ok)
    }

    @Test func `is not ended by the callback of another login, nor by garbage, and takes the right one later`()
        async throws
    {
        let begun = try await Begun()
        let received = Task { await begun.listener.callback() }
        let state = "state=\(PercentEncoding.encode(begun.invitation.state))"
        for other in ["state=x", "state=\(begun.invitation.state)x", "state=", "estate=1", ""] {
            let page = try await begun.open(state, as: other)
            #expect(page.status == 400)
            #expect(String(decoding: page.body, as: UTF8.self).contains("goes on waiting"))
        }
        let port = begun.listener.port
        let target = begun.callback.target
        let answers = try await onThread {
            [
                "GET \(target) HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HEAD \(target) HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", "nonsense\r\n\r\n",
                "GET \(target)" + String(repeating: "a", count: 1 << 20),
            ].map { request in
                let connection = RawConnection(port: port)
                connection.send(request)
                return connection.answer()
            }
        }
        #expect(answers.allSatisfy { !$0.hasPrefix("HTTP/1.1 200") }, "\(answers)")
        #expect(try await begun.open().status == 200)
        let callback = try #require(await received.value)
        #expect(try await begun.oauth.complete(callback).state == .ok)
    }

    @Test func `is not held up by those who say nothing, or do not stop talking`() async throws {
        let begun = try await Begun()
        let received = Task { await begun.listener.callback() }
        let port = begun.listener.port
        let crowd = try await onThread {
            let crowd = (0..<300).map { _ in RawConnection(port: port) }
            for connection in crowd.suffix(10) {
                connection.send("GET /callback?state=" + String(repeating: "a", count: 4000))
            }
            return crowd
        }
        #expect(try await begun.open().status == 200)
        #expect(await received.value?.contains("code=") == true)
        for connection in crowd { connection.close() }
    }

    @Test func `ends when it is cancelled, and keeps its port until it is closed`() async throws {
        let begun = try await Begun()
        let waiting = Task { await begun.listener.callback() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        let failure = #expect(throws: OAuthError.self) { try CallbackListener(port: begun.listener.port) }
        #expect(failure?.sentence == "Cannot listen on 127.0.0.1:\(begun.listener.port): Address already in use.")
        begun.listener.close()
        #expect(try CallbackListener(port: begun.listener.port).port == begun.listener.port)
    }

    @Test func `that does not know its login yet takes no callback`() async throws {
        let begun = try await Begun()
        let other = try CallbackListener()
        let target = begun.callback.target
        let answer = try await onThread {
            let connection = RawConnection(port: other.port)
            connection.send("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            return connection.answer()
        }
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
    }

    @Test func `ends when it is closed`() async throws {
        let begun = try await Begun()
        let waiting = Task { await begun.listener.callback() }
        begun.listener.close()
        #expect(await waiting.value == nil)
    }
}
