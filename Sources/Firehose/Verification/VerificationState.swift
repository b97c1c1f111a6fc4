internal import ATProtocol
internal import Crypto
internal import Network

/// Decides about every commit of a relay, without I/O: signature, chain, and what waits for a key.
struct VerificationState: Sendable {
    /// Why a commit stays unverified, as a label of metrics.
    enum Unverified: String, Sendable, CaseIterable {
        /// The reader was faster than the verification.
        case queueFull = "queue-full"
        /// Too many keys are being asked for already.
        case keysPending = "keys-pending"
        /// The directory or host did not tell the key.
        case keyUnavailable = "key-unavailable"
    }

    /// What was found out, or is to be done.
    enum Finding: Sendable, Equatable {
        case verified
        case unverified(Unverified)
        case refused(RejectedMessage)
        case desynchronized(DID, RepositoryChain.Break, isWanted: Bool)
        case lookUp(DID, isFresh: Bool)
    }

    /// The most accounts whose keys are asked for at once.
    static let maximumLookups = 8
    /// The most octets of messages that wait for keys.
    static let maximumWaiting = 4 << 20
    /// A key that was asked for past all caches so short ago is not asked for again.
    static let keyFreshness = Duration.seconds(60)

    private var accounts = AccountStates()
    private var waiting: [DID: (claims: [ClaimedCommit], isFresh: Bool)] = [:]
    private var waitingOctets = 0

    /// Accounts that are remembered.
    var accountCount: Int { accounts.count }

    /// Takes a commit that fits together.
    mutating func take(_ claim: ClaimedCommit, now: UnixTime) -> [Finding] {
        let did = claim.commit.did
        // In order: what waits for the key comes first.
        guard waiting[did] == nil else { return hold(claim, isFresh: nil) }
        guard let key = accounts[did].key else { return hold(claim, isFresh: false) }
        return judge(claim, key, now: now)
    }

    /// Takes the answer to a ``Finding/lookUp(_:isFresh:)``.
    ///
    /// - Parameters:
    ///   - did: whose key was asked for.
    ///   - key: nil when the document names none that can be used.
    ///   - now: the time.
    /// - Returns: what becomes of the commits that waited for it.
    mutating func answer(_ did: DID, _ key: Result<PublicKey?, IdentityFailure>, now: UnixTime) -> [Finding] {
        guard let (claims, isFresh) = waiting.removeValue(forKey: did) else { return [] }
        for claim in claims { waitingOctets -= claim.refusal.bytes.count }
        switch key {
        case .success(let key?):
            accounts[did].key = AccountStates.Key(key, freshAt: isFresh ? now : nil)
            // One of them may ask for the key past the caches; those behind it then wait again.
            return claims.flatMap { take($0, now: now) }
        case .success(nil):
            return claims.map { refused($0, "the DID document of \(did) has no usable signing key") }
        case .failure(let failure) where failure.isTransient:
            accounts[did].chain = nil
            return claims.map { _ in .unverified(.keyUnavailable) }
        case .failure(let failure): return claims.map { refused($0, failure.description) }
        }
    }

    /// The account's key may have changed.
    mutating func forgetKey(of did: DID) {
        if accounts[did].key != nil { accounts[did].key = nil }
    }

    /// What comes next does not follow on what came before.
    mutating func forgetChains() { accounts.forgetChains() }

    /// Keeps a commit until its key is known; `isFresh` is nil when the key is being asked for already.
    private mutating func hold(_ claim: ClaimedCommit, isFresh: Bool?) -> [Finding] {
        let did = claim.commit.did
        let octets = claim.refusal.bytes.count
        guard waitingOctets + octets <= Self.maximumWaiting, isFresh == nil || waiting.count < Self.maximumLookups
        else {
            accounts[did].chain = nil
            return [.unverified(.keysPending)]
        }
        waitingOctets += octets
        waiting[did, default: ([], isFresh ?? false)].claims.append(claim)
        return isFresh.map { [.lookUp(did, isFresh: $0)] } ?? []
    }

    private mutating func judge(_ claim: ClaimedCommit, _ key: AccountStates.Key, now: UnixTime) -> [Finding] {
        let commit = claim.commit
        guard let publicKey = key.publicKey, publicKey.isValid(commit.signature, for: commit.unsigned) else {
            // A key that was changed a moment ago is not in any cache yet (atproto.com/specs/sync).
            let isFresh = key.freshAt.map { max(now - $0, $0 - now) < Self.keyFreshness } ?? false
            guard isFresh else { return hold(claim, isFresh: true) }
            return [refused(claim, "the commit \(commit.rev) of \(commit.did) is not signed by its key")]
        }
        var account = accounts[commit.did]
        defer { accounts[commit.did] = account }
        guard var chain = account.chain else {
            account.chain = RepositoryChain(commit)
            return [.verified]
        }
        defer { account.chain = chain }
        guard case .broken(let place) = chain.follow(commit, claim.link) else { return [.verified] }
        return [.verified, .desynchronized(commit.did, place, isWanted: claim.isWanted)]
    }

    private func refused(_ claim: ClaimedCommit, _ detail: String) -> Finding {
        var refusal = claim.refusal
        refusal.detail = detail
        return .refused(refusal)
    }
}
