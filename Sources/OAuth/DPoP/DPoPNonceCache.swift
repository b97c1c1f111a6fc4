internal import Network
internal import Synchronization

/// The newest DPoP nonce and the clock difference of each server, by origin.
///
/// It is in memory only: after a restart the first request to each origin is repeated once.
final class DPoPNonceCache: Sendable {
    private struct Origin {
        var nonce: String?
        /// The newest differences in seconds, server minus our clock.
        var offsets: [Double] = []
        /// Whether the server's `Date` turned out to be wrong.
        var isDateWrong = false
    }

    private static let keptOffsets = 5
    private let origins = Mutex<[String: Origin]>([:])

    /// Records a response with any status.
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

    /// The newest nonce from an origin.
    func nonce(of origin: String) -> String? { origins.withLock { $0[origin]?.nonce } }

    /// The median of the newest clock differences in seconds; 0 when none is known.
    ///
    /// `Date` has whole seconds and takes time to arrive, so a difference below two seconds means nothing.
    func offset(of origin: String) -> Double {
        let offsets = origins.withLock { $0[origin].map { $0.isDateWrong ? [] : $0.offsets } ?? [] }.sorted()
        guard !offsets.isEmpty else { return 0 }
        let median = offsets[offsets.count / 2]
        return abs(median) < 2 ? 0 : median
    }

    /// Keeps only the newest `Date`, after a server complained about the time.
    func forgetOldOffsets(of origin: String) {
        origins.withLock { origins in
            let newest = origins[origin]?.offsets.suffix(1) ?? []
            origins[origin]?.offsets = Array(newest)
            origins[origin]?.isDateWrong = false
        }
    }

    /// Uses our own clock, until a server complains about that.
    func distrustDate(of origin: String) { origins.withLock { $0[origin]?.isDateWrong = true } }

    /// Removes an origin that the account has left.
    func forget(_ origin: String) { origins.withLock { $0[origin] = nil } }
}
