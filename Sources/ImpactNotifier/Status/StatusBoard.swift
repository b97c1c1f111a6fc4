internal import ATProtocol
internal import LedgerStorage
internal import Network
internal import Notifier
internal import OAuth
internal import Synchronization

/// What the daemon last knew about itself: its tasks write it, and the status endpoint's thread reads it without
/// waiting.
final class StatusBoard: Sendable {
    /// How the ledger answers.
    enum LedgerState: Sendable, Equatable {
        /// There was no answer yet.
        case opening
        /// It answers.
        case answering
        /// It answers, but cannot do what it is asked.
        case failing(String)
        /// It has not answered for this long.
        case silent(Duration)
    }

    private struct State {
        var session: SessionStatus
        var sender: Handle?
        var pipeline: PipelineStatus?
        var record = AnswerRecord()
        var failure: String?
        var overview: (figures: LedgerOverview, at: ContinuousClock.Instant)?
    }

    private let state: Mutex<State>

    /// A board that knows only the session.
    init(session: SessionStatus) { state = Mutex(State(session: session)) }

    /// The session, at most a second ago.
    var session: SessionStatus { state.withLock(\.session) }

    /// The sending account's name: its handle, or its DID while the handle is unknown.
    var sender: String { state.withLock { state in state.sender.map { "@\($0)" } ?? state.session.account.text } }

    /// Whether the sending account's handle is known.
    var knowsSender: Bool { state.withLock { $0.sender != nil } }

    /// The pipeline's last status; nil before the first one, or after a failure.
    var pipeline: PipelineStatus? { state.withLock(\.pipeline) }

    /// The figures for the page, and their age; nil before the first ones.
    func overview(at now: ContinuousClock.Instant = .now) -> (figures: LedgerOverview, age: Duration)? {
        state.withLock { $0.overview.map { (figures: $0.figures, age: now - $0.at) } }
    }

    /// How long to wait after the ledger's answer before it is asked again.
    var rest: Duration { state.withLock(\.record.rest) }

    /// How the ledger answers now.
    func ledger(at now: ContinuousClock.Instant = .now) -> LedgerState {
        state.withLock { state in
            if let silence = state.record.silence(at: now) { return .silent(silence) }
            if let failure = state.failure { return .failing(failure) }
            return state.record.hasAnswered ? .answering : .opening
        }
    }

    /// Sets the session's status.
    func show(_ session: SessionStatus) { state.withLock { $0.session = session } }

    /// Sets the sender's handle.
    func show(_ sender: Handle) { state.withLock { $0.sender = sender } }

    /// Sets the figures for the page.
    func show(_ overview: LedgerOverview, at now: ContinuousClock.Instant = .now) {
        state.withLock { $0.overview = (overview, now) }
    }

    /// Notes that the pipeline is asked, which asks the ledger.
    func ask(at now: ContinuousClock.Instant = .now) { state.withLock { $0.record.ask(at: now) } }

    /// Notes the answer.
    func show(_ answer: Result<PipelineStatus, LedgerError>, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.record.answer(at: now)
            switch answer {
            case .success(let status): (state.pipeline, state.failure) = (status, nil)
            case .failure(let error): (state.pipeline, state.failure) = (nil, error.description)
            }
        }
    }
}

extension StatusBoard.LedgerState {
    /// What `/readyz` waits for, in a few words; nil when the ledger answers.
    var pending: String? {
        switch self {
        case .answering: nil
        case .opening: "ledger"
        case .failing(let problem): "ledger (\(problem))"
        case .silent(let time): "ledger (has not answered for \(time.wholeSeconds) s)"
        }
    }

    /// For how many seconds it has not answered; 0 when it does.
    var silence: Double {
        guard case .silent(let time) = self else { return 0 }
        return time / .seconds(1)
    }
}
