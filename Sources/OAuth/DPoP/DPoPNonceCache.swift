internal import Network
internal import Synchronization

/// What the servers told about themselves: the newest DPoP nonce and how far their clocks are from ours, by origin.
///
/// In memory only: after a restart the first request of an origin costs one repetition.
final class DPoPNonceCache: Sendable {
    private struct Origin {
        var nonce: String?
        /// The newest differences, server minus us, in seconds.
        var offsets: [Double] = []
        /// Whether its `Date` was seen to be wrong.
        var isDateWrong = false
    }

    private static let keptOffsets = 5
    private let origins = Mutex<[String: Origin]>([:])

    /// Takes in an answer, of whatever status.
    func note(_ response: HTTPResponse, from origin: String, at now: UnixTime) {
        origins.withLock { origins in
            if let nonce = response.headers["DPoP-Nonce"], !nonce.isEmpty {
                origins[origin, default: Origin()].nonce = nonce
            }
            guard let date = response.headers["Date"].flatMap(HTTPDate.seconds) else { return }
            var offsets = origins[origin, default: Origin()].offsets
            offsets.append(date - now.seconds)
            origins[origin, default: Origin()].offsets = Array(offsets.suffix(Self.keptOffsets))
        }
    }

    /// The newest nonce of an origin.
    func nonce(of origin: String) -> String? { origins.withLock { $0[origin]?.nonce } }

    /// The median of the newest clock differences, in seconds; 0 when nothing is known.
    ///
    /// `Date` counts whole seconds and travels: below two seconds the difference says nothing.
    func offset(of origin: String) -> Double {
        let offsets = origins.withLock { $0[origin].map { $0.isDateWrong ? [] : $0.offsets } ?? [] }.sorted()
        guard !offsets.isEmpty else { return 0 }
        let median = offsets[offsets.count / 2]
        return abs(median) < 2 ? 0 : median
    }

    /// Believes only the newest `Date`: after a server complained about the time.
    func forgetOldOffsets(of origin: String) {
        origins.withLock { origins in
            let newest = origins[origin]?.offsets.suffix(1) ?? []
            origins[origin]?.offsets = Array(newest)
            origins[origin]?.isDateWrong = false
        }
    }

    /// Goes by our own clock, until a server complains about that.
    func distrustDate(of origin: String) { origins.withLock { $0[origin]?.isDateWrong = true } }

    /// Forgets an origin that the account has left.
    func forget(_ origin: String) { origins.withLock { $0[origin] = nil } }
}
