internal import ATProtocol
internal import Synchronization

/// The secrets of a session that this process has seen; servers may quote old tokens, too.
final class KnownSecrets: Sendable {
    private struct State {
        var secrets: [String] = []
        var redaction = SecretRedaction([])
    }

    /// The tokens of four generations.
    private static let kept = 8
    private let state = Mutex(State())

    /// The redaction for text from a server; it includes the secrets of this record.
    func redaction(with record: SessionRecord) -> SecretRedaction {
        let current = [record.accessToken, record.refreshToken]
        return state.withLock { state in
            guard !current.allSatisfy(state.secrets.contains) else { return state.redaction }
            state.secrets = Array((state.secrets.filter { !current.contains($0) } + current).suffix(Self.kept))
            state.redaction = SecretRedaction(state.secrets + [record.binding?.dpopKey["d"]?.string ?? ""])
            return state.redaction
        }
    }
}
