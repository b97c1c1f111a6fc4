internal import ATProtocol
internal import Firehose
internal import Network
internal import Notifier
internal import OAuth

/// What is wrong, and what to do about it.
extension StatusFacts {
    /// How long a stream may be silent or unconnected before that is a finding.
    private static let streamPatience: Duration = .seconds(60)
    /// The greatest age of a connected stream's newest event.
    private static let lagPatience: Duration = .seconds(900)
    /// The greatest age of the page's figures while the ledger answers; reading them again takes a minute at most.
    private static let figuresPatience: Duration = .seconds(300)
    /// How long a message may wait without a reason before that is a finding.
    private static let queuePatience: Duration = .seconds(3600)
    /// How long before the session's end a login is advisable, and when it is urgent.
    private static let loginSoon: Duration = .seconds(14 * 86_400)
    private static let loginNow: Duration = .seconds(3 * 86_400)

    private typealias Finding = StatusPage.Finding

    /// Everything that is wrong, the worst first; in the same words for `/status`, the page and the command.
    var findings: [StatusPage.Finding] {
        var found: [Finding]
        switch daemon {
        case .failure(let silence): found = [silence.finding]
        case .success(let daemon):
            let parts = [
                ledgerFinding(daemon), streamFinding(daemon), sendingFinding(daemon), sessionFinding(daemon.session),
                endFinding(daemon.session), queueFinding(daemon), figuresFinding(daemon),
            ]
            found = parts.compactMap(\.self)
        }
        found += ledgerFindings
        let addressed = found.map { finding in
            Finding(
                level: finding.level,
                sentence: Instance.addressed(finding.sentence),
                advice: finding.advice.map { Instance.addressed($0) }
            )
        }
        // Findings of equal weight are in the order in which one would look.
        return StatusPage.Level.allCases.reversed().flatMap { level in addressed.filter { $0.level == level } }
    }

    private func ledgerFinding(_ daemon: Daemon) -> Finding? {
        switch daemon.ledger {
        case .answering: nil
        case .opening: Finding(level: .notice, sentence: "The ledger is being opened.")
        case .failing(let problem):
            Finding(
                level: .trouble,
                sentence: "The ledger cannot be read: \(problem)",
                advice: "Look at the disk of the state directory, and at the log."
            )
        case .silent(let time):
            Finding(
                level: .trouble,
                sentence: "The ledger has not answered for \(time.wholeSeconds) s; the figures are older than that.",
                advice: "Look at the disk ('dmesg | tail'), and at the log, which names a process that locks the file."
            )
        }
    }

    private func streamFinding(_ daemon: Daemon) -> Finding? {
        guard !daemon.hosts.contains(where: \.isConnected) else { return lagFinding(daemon) }
        let advice = "It is tried again all the time. If it lasts, run 'impact-notifier doctor'."
        guard !daemon.hosts.isEmpty else {
            guard daemon.uptime >= Self.streamPatience else {
                return Finding(level: .notice, sentence: "The stream is being connected.")
            }
            let time = daemon.uptime.inWords
            return Finding(
                level: .trouble,
                sentence: "No stream host could be reached in the \(time) since the start.",
                advice: advice
            )
        }
        let age = daemon.hosts.compactMap(\.until).max().map { now - UnixTime(microseconds: $0) } ?? daemon.uptime
        guard age >= Self.streamPatience else {
            return Finding(level: .notice, sentence: "The stream is being connected again.")
        }
        return Finding(
            level: .trouble,
            sentence: "No stream host is connected; the newest event is \(age.inWords) old. Nothing is lost: "
                + "reading goes on from there.",
            advice: advice
        )
    }

    /// The finding about a stream that lags; a small network may be quiet for hours, and nobody here can tell.
    private func lagFinding(_ daemon: Daemon) -> Finding? {
        let newest = daemon.hosts.filter(\.isConnected).compactMap(\.until).max()
        let age = newest.map { now - UnixTime(microseconds: $0) } ?? daemon.uptime
        guard age >= Self.lagPatience else { return nil }
        return Finding(
            level: .notice,
            sentence: "The newest event of the stream is \(age.inWords) old: it is being caught up with, or nobody "
                + "writes.",
            advice: "If it stays so where others write all the time, try another host in stream.hosts."
        )
    }

    private func sendingFinding(_ daemon: Daemon) -> Finding? {
        let sender = daemon.pipeline?.sender ?? .open
        let session = daemon.session.sendObstacle
        guard let obstacle = SendingObstacle(session: session, sender: sender, now: now) else { return nil }
        if sender == .off { return Finding(level: .notice, sentence: "Nothing is sent: \(obstacle).") }
        var isPassing = false
        if case .held = sender { isPassing = session == nil }
        // The obstacle itself says what to run.
        return Finding(level: isPassing ? .notice : .trouble, sentence: "Nothing can be sent: \(obstacle)")
    }

    private func sessionFinding(_ session: SessionStatus) -> Finding? {
        guard session.canSendNow, session.state != .ok else { return nil }
        let advice = session.state.remedy.map { "Run '\($0)'." }
        guard session.state.isUsable else {
            let until = session.servesUntil.map { "until \($0)" } ?? "for a while"
            return Finding(
                level: .trouble,
                sentence: "The session is \(session.state.text). Messages are still sent, \(until).",
                advice: advice
            )
        }
        return Finding(
            level: .notice,
            sentence: "The session is \(session.state.text). Messages are still sent.",
            advice: advice
        )
    }

    private func endFinding(_ session: SessionStatus) -> Finding? {
        guard let end = session.endsAt, session.state.isUsable else { return nil }
        let left = end - now
        // A loopback session never lasts longer.
        guard left < (session.kind == .loopback ? Self.loginNow : Self.loginSoon) else { return nil }
        return Finding(
            level: left < Self.loginNow ? .trouble : .notice,
            sentence: "The session ends in \(left.inWords), on \(CalendarDate(end)); then nothing is sent.",
            advice: "Run 'impact-notifier login' before that; the daemon goes on meanwhile."
        )
    }

    private func queueFinding(_ daemon: Daemon) -> Finding? {
        guard let age = daemon.pipeline?.oldestPendingAge, age >= Self.queuePatience else { return nil }
        return Finding(
            level: .notice,
            sentence: "The oldest job that waits only for its turn is \(age.inWords) old.",
            advice: "'impact-notifier jobs list' says what it waits for."
        )
    }

    /// The finding about old figures; not when the ledger hangs, which has its own finding.
    private func figuresFinding(_ daemon: Daemon) -> Finding? {
        guard case .answering = daemon.ledger else { return nil }
        let age = overview?.age ?? daemon.uptime
        guard age >= Self.figuresPatience else { return nil }
        return Finding(
            level: .notice,
            sentence: "The ledger's figures could not be read for \(age.inWords): those here are from before.",
            advice: "The log says why: look for 'page figures cannot be read'."
        )
    }

    /// The findings from the ledger's figures.
    private var ledgerFindings: [Finding] {
        guard let figures = overview?.figures else { return [] }
        var findings: [Finding] = []
        let undecided = figures.standing.filter { $0.state == .uncertain }.map(\.number).reduce(0, +)
        if undecided > 0 {
            findings.append(
                Finding(
                    level: .notice,
                    sentence: "\(StatusPage.count(undecided, "job")) \(undecided == 1 ? "needs" : "need") your "
                        + "decision: it is not known whether the message arrived.",
                    advice: "Run 'impact-notifier jobs list --state uncertain', look into the chat, and then "
                        + "'impact-notifier jobs retry' or 'impact-notifier jobs drop'."
                )
            )
        }
        if figures.gapsGivenUp > 0 {
            findings.append(
                Finding(
                    level: .notice,
                    sentence: "\(StatusPage.count(figures.gapsGivenUp, "gap")) of the stream had to be given up today, "
                        + "for somebody never answered: events of it may be missing.",
                    advice: "Run 'impact-notifier sweep --since 2d' to ask again."
                )
            )
        }
        return findings
    }
}
