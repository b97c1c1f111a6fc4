/// The wires that a stream host of the sandbox speaks, by path.
public enum SandboxWire: String, Sendable, CaseIterable {
    /// `network.bsky.jetstream.subscribeEvents`.
    case jetstream2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
    /// `/subscribe`.
    case jetstream1 = "/subscribe"
    /// `com.atproto.sync.subscribeRepos`; carries commits when ``SandboxOptions/signsCommits`` is set.
    case relay = "/xrpc/com.atproto.sync.subscribeRepos"
}
