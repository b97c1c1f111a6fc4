/// How promptly somebody answers who is asked again and again, and since when they have not.
///
/// Slow is not silent: an answer may take some times as long as answers usually do, before it counts as missing.
struct AnswerRecord: Sendable {
    /// An answer may always take this long.
    static let shortestPatience: Duration = .milliseconds(400)
    /// The least time between an answer and the next question.
    static let shortestRest: Duration = .milliseconds(500)
    /// After an answer the questions rest this many times as long as it took: asking costs at most a twentieth.
    static let restFactor = 20
    /// But whoever watches wants figures of this minute.
    static let longestRest: Duration = .seconds(60)

    private var askedAt: ContinuousClock.Instant?
    /// How long the last two answers took.
    private var durations: [Duration] = []

    /// Whether there has ever been an answer.
    var hasAnswered: Bool { !durations.isEmpty }

    /// How long an answer usually takes; one that took longer once is an accident.
    private var usual: Duration { durations.min() ?? .zero }

    /// How long to wait after an answer before the next question.
    var rest: Duration { min(Self.longestRest, max(Self.shortestRest, usual * Self.restFactor)) }

    /// Takes note of a question.
    mutating func ask(at now: ContinuousClock.Instant) { askedAt = now }

    /// Takes note of its answer.
    mutating func answer(at now: ContinuousClock.Instant) {
        guard let asked = askedAt else { return }
        durations = durations.suffix(1) + [now - asked]
        askedAt = nil
    }

    /// How long an answer has been missing; nil while none is, or it may still come in time.
    func silence(at now: ContinuousClock.Instant) -> Duration? {
        guard let askedAt else { return nil }
        let waited = now - askedAt
        return waited > max(Self.shortestPatience, usual * 4) ? waited : nil
    }
}
