internal import Network
internal import Notifier
internal import OAuth

/// Why nothing can be sent, as a sentence for those who look at `/readyz`, `systemctl status` or the log.
struct SendingObstacle: Sendable, Equatable, CustomStringConvertible {
    /// What stands in the way and what to run, on one line.
    let description: String

    /// Longer texts of servers are cut: a status line is one line.
    private static let longest = 400

    /// The obstacle; nil when messages are sent as they come.
    ///
    /// - Parameters:
    ///   - session: the session's own; it comes before the sender's, for a sender without a session rests, too, but behind
    ///     shadow mode, which needs none.
    ///   - sender: whether the sender rests.
    ///   - now: the time.
    init?(session: SendObstacle?, sender: PipelineStatus.Sender, now: UnixTime) {
        if sender == .off {
            description = Instance.addressed(
                "SHADOW MODE, sending.enabled is false; set it to true and run 'impact-notifier reload'"
            )
            return
        }
        if let session {
            description = Instance.addressed("\(Self.line(session.clause)); run '\(session.remedy)'")
            return
        }
        switch sender {
        case .open, .off: return nil
        case .held(_, let until) where until <= now: return nil
        case .held(let reason, let until):
            description = Instance.addressed(
                """
                sending waits until \(until) (\(reason.rawValue)): \(reason.sentence) \
                Run 'impact-notifier jobs list'.
                """
            )
        case .paused(let reason, _, _):
            let sentence = reason.sentence
            let hint = sentence.contains("'impact-notifier ") ? "" : " Run 'impact-notifier doctor'."
            description = Instance.addressed(
                "sending is paused for the whole account (\(reason.rawValue)): \(sentence)\(hint)"
            )
        }
    }

    /// What servers say of themselves, without what would end the line or steer a terminal.
    private static func line(_ text: String) -> String {
        let short = text.count > longest ? String(text.prefix(longest)) + "…" : text
        let shown = String(decoding: EscapedText.shown(short), as: UTF8.self)
        return String(shown.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }
}

extension PipelineStatus.Sender {
    /// Whether it rests for a reason that the session alone gives.
    var waitsForSession: Bool {
        switch self {
        case .open, .off: false
        case .held(let reason, _), .paused(let reason, _, _):
            [.loginRequired, .sessionMisconfigured, .sessionUnavailable].contains(reason)
        }
    }
}
