internal import Network
internal import Notifier
internal import OAuth

/// Why nothing can be sent, in one sentence for `/readyz`, `systemctl status` or the log.
struct SendingObstacle: Sendable, Equatable, CustomStringConvertible {
    /// The obstacle and what to run, on one line.
    let description: String

    /// The longest text of a server; longer ones are cut, because a status is one line.
    private static let longest = 400

    /// The obstacle; nil when messages are sent as they come.
    ///
    /// - Parameters:
    ///   - session: the session's obstacle. It precedes the sender's, because a sender without a session rests, too;
    ///     but shadow mode, which needs no session, precedes it.
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

    /// A server's text, without characters that end the line or control a terminal.
    private static func line(_ text: String) -> String {
        let short = text.count > longest ? String(text.prefix(longest)) + "…" : text
        let shown = String(decoding: EscapedText.shown(short), as: UTF8.self)
        return String(shown.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }
}

extension PipelineStatus.Sender {
    /// Whether it rests for a reason that only the session gives.
    var waitsForSession: Bool {
        switch self {
        case .open, .off: false
        case .held(let reason, _), .paused(let reason, _, _):
            [.loginRequired, .sessionMisconfigured, .sessionUnavailable].contains(reason)
        }
    }
}
