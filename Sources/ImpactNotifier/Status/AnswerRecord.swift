/// How promptly a part answers repeated questions, and since when it has not.
///
/// Slow is not silent: an answer may take several times as long as usual before it counts as missing.
struct AnswerRecord: Sendable {
    /// The time that every answer may take.
    static let shortestPatience: Duration = .milliseconds(400)
    /// The least time between an answer and the next question.
    static let shortestRest: Duration = .milliseconds(500)
    /// After an answer, the pause is so many times its length, so that asking costs at most a twentieth.
    static let restFactor = 20
    /// The longest pause, because figures should not be older than a minute.
    static let longestRest: Duration = .seconds(60)

    private var askedAt: ContinuousClock.Instant?
    /// How long the last two answers took.
    private var durations: [Duration] = []

    /// Whether there has ever been an answer.
    var hasAnswered: Bool { !durations.isEmpty }

    /// The usual time of an answer; one long answer is an exception.
    private var usual: Duration { durations.min() ?? .zero }

    /// How long to wait after an answer before the next question.
    var rest: Duration { min(Self.longestRest, max(Self.shortestRest, usual * Self.restFactor)) }

    /// Notes a question.
    mutating func ask(at now: ContinuousClock.Instant) { askedAt = now }

    /// Notes the answer.
    mutating func answer(at now: ContinuousClock.Instant) {
        guard let asked = askedAt else { return }
        durations = durations.suffix(1) + [now - asked]
        askedAt = nil
    }

    /// How long an answer has been missing; nil when none is, or it may still come in time.
    func silence(at now: ContinuousClock.Instant) -> Duration? {
        guard let askedAt else { return nil }
        let waited = now - askedAt
        return waited > max(Self.shortestPatience, usual * 4) ? waited : nil
    }
}
