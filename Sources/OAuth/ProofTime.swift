internal import Network

/// The `iat` of proofs and assertions.
enum ProofTime {
    /// Servers allow nothing, or five seconds, of the future; so what is signed is a little old.
    static func issuedAt(_ now: UnixTime) -> Int64 { Int64(now.seconds.rounded(.down)) - 5 }
}
