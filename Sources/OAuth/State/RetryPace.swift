/// How long to wait before a retry, in seconds.
enum RetryPace: Sendable, Equatable {
    /// Exponential, and half of it random, so that not all clients return at once.
    case backoff(first: Double, longest: Double)
    /// Always the same wait.
    case every(Double)
    /// For a refusal without proof; retried for ever.
    ///
    /// The waits are 1, 5, 15 and 60 minutes, an hour each for a day, then six hours.
    case patient

    private static let patientWaits: [Double] = [60, 300, 900, 3600] + [Double](repeating: 3600, count: 24)
    /// The longest wait of ``patient``.
    static let longestPatience: Double = 6 * 3600

    /// The wait after a failed attempt.
    ///
    /// - Parameters:
    ///   - failures: how many attempts in a row failed before it.
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
    /// How attempts are retried after a failure for this reason.
    var pace: RetryPace {
        switch self {
        case .unreachable, .ambiguous, .lockBusy: .backoff(first: 5, longest: 300)
        case .storage: .backoff(first: 30, longest: 300)
        case .nonce, .clock: .backoff(first: 60, longest: 3600)
        case .clientMetadata: .backoff(first: 60, longest: 900)
        case .signInUnavailable: .backoff(first: 300, longest: 3600)
        case .account: .every(3600)
        // These are not refusals; for a rate limit the server says itself how long to wait.
        case .rateLimited, .unsaved: .every(60)
        // Somebody must fix these elsewhere while the daemon runs.
        case .clientRefused, .proofRefused, .keyBinding, .credentials: .every(15 * 60)
        // Servers allow few sign-ins: 300 a day, bsky.social a hundred.
        case .passwordRefused: .every(RetryPace.longestPatience)
        default: .patient
        }
    }
}
