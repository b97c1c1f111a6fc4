/// How long something waits before it is tried again; seconds.
enum RetryPace: Sendable, Equatable {
    /// Twice as long each time, half of it by chance, so that a restored server is not stormed.
    case backoff(first: Double, longest: Double)
    /// Always as long.
    case every(Double)
    /// What was refused without proof is asked again for ever: after 1, 5, 15 and 60 minutes, hourly for a day, then every
    /// six hours.
    case patient

    private static let patientWaits: [Double] = [60, 300, 900, 3600] + [Double](repeating: 3600, count: 24)
    /// The longest wait of ``patient``.
    static let longestPatience: Double = 6 * 3600

    /// The wait behind an attempt that failed.
    ///
    /// - Parameters:
    ///   - failures: how many failed before it, in a row.
    ///   - jitter: between 0 and 1.
    /// - Returns: seconds.
    func wait(after failures: Int, jitter: Double) -> Double {
        switch self {
        case .backoff(let first, let longest):
            min(longest, first * Double(1 << min(failures, 20))) * (0.5 + 0.5 * jitter)
        case .every(let seconds): seconds
        case .patient:
            Self.patientWaits.indices.contains(failures) ? Self.patientWaits[failures] : Self.longestPatience
        }
    }
}

extension SessionProblem.Reason {
    /// How what failed for this reason is tried again.
    var pace: RetryPace {
        switch self {
        case .unreachable, .ambiguous, .lockBusy: .backoff(first: 5, longest: 300)
        case .storage: .backoff(first: 30, longest: 300)
        case .nonce, .clock: .backoff(first: 60, longest: 3600)
        case .clientMetadata: .backoff(first: 60, longest: 900)
        case .signInUnavailable: .backoff(first: 300, longest: 3600)
        case .account: .every(3600)
        // No refusal, and the server says itself how long.
        case .rateLimited, .unsaved: .every(60)
        // Somebody mends these elsewhere while the daemon runs.
        case .clientRefused, .proofRefused, .keyBinding, .credentials: .every(15 * 60)
        // Servers allow 300 sign-ins a day.
        case .passwordRefused: .every(RetryPace.longestPatience)
        default: .patient
        }
    }
}
