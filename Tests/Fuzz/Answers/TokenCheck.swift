#if FUZZING || DEBUG
@testable import ATProtocol
@testable import Network
@testable import OAuth
import FuzzDriver

/// Answers of token endpoints: a byte for the status, a line for `Retry-After` and `RateLimit-Reset`, a body.
enum TokenCheck {
    private static let statuses = [200, 201, 400, 401, 403, 429, 500, 503]
    /// No token is shorter, and no word of ours is as long.
    private static let secretLength = 16

    /// What is taken for tokens is usable, what is no answer has a bounded wait, and neither shows a token.
    static let reply: @Sendable ([UInt8]) -> Void = { bytes in
        let parts = bytes.dropFirst().split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        guard let status = bytes.first.map({ statuses[Int($0) % statuses.count] }), parts.count == 2 else { return }
        let field = String(decoding: parts[0], as: UTF8.self)
        for name in ["Retry-After", "RateLimit-Reset"] {
            let response = HTTPResponse(status: status, headers: [name: field], body: Array(parts[1]))
            check(RefreshReply(token: response, now: UnixTime(seconds: 1_790_000_000)), response)
            for isRefresh in [false, true] {
                check(
                    RefreshReply(password: response, isRefresh: isRefresh, now: UnixTime(seconds: 1_790_000_000)),
                    response
                )
            }
        }
    }

    private static func check(_ reply: RefreshReply, _ response: HTTPResponse) {
        switch reply {
        case .tokens(let tokens):
            require(response.isSuccess && !tokens.accessToken.isEmpty && !tokens.refreshToken.isEmpty)
            require(tokens.expiresIn.map { (1...315_360_000).contains($0.inSeconds) } ?? true)
        case .rateLimited(let wait): require(wait.map { (0...86_400).contains($0) } ?? true)
        case .unusable(let body), .noTokens(let body): require(response.isSuccess && body == response.body)
        default: FuzzTarget.requireSentence("\(reply)")
        }
        guard let members = (try? JSONValue(parsing: response.body))?.object else { return }
        for name in ["access_token", "refresh_token", "accessJwt", "refreshJwt"] {
            guard let secret = members[name]?.string, secret.count >= secretLength else { continue }
            // What the server says in words may hold anything.
            let words = JSONValue.object(members.filter { $0.key != name }).encodedText
            require(words.contains(secret) || !"\(reply)".contains(secret))
        }
    }
}
#endif
