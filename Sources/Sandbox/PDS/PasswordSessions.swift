internal import ATProtocol
internal import Crypto
internal import Synchronization

/// Sessions of `createSession`: Bearer tokens whose refresh token may be repeated for two hours.
final class PasswordSessions: Sendable {
    /// What a token may be used for.
    enum Privilege: String, Sendable {
        case full = "com.atproto.access"
        case appPassword = "com.atproto.appPass"
        case privilegedAppPassword = "com.atproto.appPassPrivileged"

        /// Whether `chat.bsky.*` is open to it.
        var allowsChat: Bool { self != .appPassword }
    }

    /// What `createSession` and `refreshSession` give out.
    struct Pair: Sendable {
        let access: String
        let refresh: String
        let did: DID
    }

    private struct Token: Sendable {
        let did: DID
        let privilege: Privilege
        let expiresAt: Double
    }

    private struct RefreshToken: Sendable {
        let token: Token
        /// Set when it was used: what every further use gives, and until when.
        var successor: (pair: Pair, until: Double)?
    }

    private struct State {
        var appPasswords: [DID: [String: Privilege]] = [:]
        var access: [String: Token] = [:]
        var refresh: [String: RefreshToken] = [:]
        var accessLifetime = 120 * 60.0
    }

    private static let refreshLifetime = 90 * 86_400.0
    private static let grace = 2 * 3600.0

    private let state = Mutex(State())

    /// Makes an app password, `xxxx-xxxx-xxxx-xxxx`.
    func addAppPassword(_ did: DID, isPrivileged: Bool) -> String {
        let text = Base32.encode(SecureRandom.bytes(10))
        let groups = stride(from: 0, to: 16, by: 4).map { String(text.dropFirst($0).prefix(4)) }
        let password = groups.joined(separator: "-")
        state.withLock {
            $0.appPasswords[did, default: [:]][password] = isPrivileged ? .privilegedAppPassword : .appPassword
        }
        return password
    }

    func revokeAppPasswords(of did: DID) { state.withLock { $0.appPasswords[did] = nil } }

    func setAccessLifetime(_ seconds: Double) { state.withLock { $0.accessLifetime = seconds } }

    /// Begins a session; nil when the password is wrong.
    func create(_ account: SandboxAccount, _ password: String, at now: Double) -> Pair? {
        state.withLock { state in
            let privilege = password == account.password ? .full : state.appPasswords[account.did]?[password]
            return privilege.map { Self.issue(account.did, $0, now, in: &state) }
        }
    }

    /// The next pair of a refresh token; nil when it is dead.
    func refresh(_ text: String, at now: Double) -> Pair? {
        state.withLock { state in
            guard let known = state.refresh[text], known.token.expiresAt > now else { return nil }
            if let successor = known.successor { return now < successor.until ? successor.pair : nil }
            let pair = Self.issue(known.token.did, known.token.privilege, now, in: &state)
            state.refresh[text]?.successor = (pair, now + Self.grace)
            return pair
        }
    }

    /// Whose access token it is; `isExpired` when its time is over, nil when it is none.
    func access(_ text: String, at now: Double) -> (did: DID, privilege: Privilege, isExpired: Bool)? {
        state.withLock { state in
            state.access[text].map { ($0.did, $0.privilege, $0.expiresAt <= now) }
        }
    }

    private static func issue(_ did: DID, _ privilege: Privilege, _ now: Double, in state: inout State) -> Pair {
        let pair = Pair(
            access: "eyJ0eXAiOiJhdCtqd3QifQ." + SecureRandom.token(bytes: 32),
            refresh: "eyJ0eXAiOiJyZWZyZXNoK2p3dCJ9." + SecureRandom.token(bytes: 32),
            did: did
        )
        let access = Token(did: did, privilege: privilege, expiresAt: now + state.accessLifetime)
        state.access[pair.access] = access
        state.refresh[pair.refresh] = RefreshToken(
            token: Token(did: did, privilege: privilege, expiresAt: now + refreshLifetime)
        )
        return pair
    }
}
