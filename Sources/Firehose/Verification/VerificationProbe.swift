public import ATProtocol
internal import Crypto
public import Network

/// The verification of everything by itself, without a connection or a directory: to measure it.
public struct VerificationProbe {
    private let keys: [DID: PublicKey]
    private var state = VerificationState()

    /// A verification that knows these keys, written as multikeys.
    public init(keys: [DID: String]) { self.keys = keys.compactMapValues { try? PublicKey(multikey: $0) } }

    /// Checks what a relay's message proves by itself.
    ///
    /// - Returns: whether it is a commit that fits together.
    public func check(_ message: [UInt8], now: UnixTime) -> Bool {
        guard case .claim = ClaimedCommit.read(Self.queued(message, now)) else { return false }
        return true
    }

    /// Verifies a relay's message: structure, signature, chain.
    ///
    /// - Returns: whether it is a commit that was verified.
    public mutating func verify(_ message: [UInt8], now: UnixTime) -> Bool {
        guard case .claim(let claim) = ClaimedCommit.read(Self.queued(message, now)) else { return false }
        var findings = state.take(claim, now: now)
        if case .lookUp(let did, _) = findings.first { findings = state.answer(did, .success(keys[did]), now: now) }
        return findings.first == .verified
    }

    private static func queued(_ message: [UInt8], _ now: UnixTime) -> VerificationQueue.Message {
        VerificationQueue.Message(host: "probe", bytes: message, isWanted: false, now: now)
    }
}
