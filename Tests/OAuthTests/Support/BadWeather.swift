import Sandbox

/// What servers, directory and clock do to a session that did nothing wrong, each for a while.
enum BadWeather: String, CaseIterable, Sendable {
    // The authorization server, and what stands before it.
    case storeError, rotationError, failure, silenceBefore, silenceAfter, lateAnswer, page, halfAnswer, proxyPassword
    case movedEndpoint, goneEndpoint, rateLimit, wrongDate, nonceWithoutEnd, replayedAssertion, clientRefused
    case metadataDown, quotedToken
    // The PDS.
    case tokenRefused, pdsFailure, pdsPage, accountInactive, otherIssuer, otherProofURL, otherKeyBinding
    // The rest.
    case directoryDown, otherPDS, wrongClock, fullDisk

    /// How long it lasts at most, in seconds: what is believed after a day is a lie for less.
    var longest: Double {
        switch self {
        case .rotationError: 1
        case .silenceAfter, .halfAnswer: 30
        case .otherIssuer, .otherPDS: 20 * 3600
        default: 8 * 3600
        }
    }

    /// How much of the weather it is: what makes the server delete the session is rare.
    var weight: Int {
        switch self {
        case .rotationError, .silenceAfter, .halfAnswer: 1
        default: 6
        }
    }

    /// A kind by its weight.
    static func random(using random: inout SeededGenerator) -> BadWeather {
        let all = allCases.flatMap { [BadWeather](repeating: $0, count: $0.weight) }
        return all.randomElement(using: &random) ?? .failure
    }
}
