internal import Network

/// The `iat` of proofs and assertions.
enum ProofTime {
    /// Five seconds ago: servers accept at most five seconds in the future, some none at all.
    static func issuedAt(_ now: UnixTime) -> Int64 { Int64(now.seconds.rounded(.down)) - 5 }
}
