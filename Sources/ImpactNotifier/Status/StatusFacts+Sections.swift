internal import ATProtocol
internal import Backfill
internal import Firehose
internal import Network
internal import Notifier
internal import OAuth

/// What the page shows besides the findings.
extension StatusFacts {
    private typealias Section = StatusPage.Section
    private typealias Fact = StatusPage.Section.Fact

    /// The most reasons that are listed.
    private static let maximumReasons = 20

    /// The parts of the page, in order.
    var sections: [StatusPage.Section] { [stream, day, waiting, outcomes, session, rulesTable] }

    /// For everything that only a running daemon knows.
    private static let unknown = "Not known: no running daemon was asked."

    // MARK: the stream

    private var stream: Section {
        var section = Section(id: "stream", title: "The stream")
        if let daemon = try? daemon.get() {
            let hosts = daemon.hosts.map { host -> [String] in
                let state = host.isConnected ? "connected" : "not connected"
                let wire = host.isCompressed ? "\(host.wire), compressed" : "\(host.wire)"
                return [
                    host.host, state, age(host.until), age(host.since), "\(host.missed)", "\(host.late)", wire,
                ]
            }
            if hosts.isEmpty { section.notes.append("No host has been connected yet.") }
            let columns = [
                "Host", "State", "Newest event", "Read without a break since", "Missed", "Came late", "Protocol",
            ]
            section.body = hosts.isEmpty ? .none : .table(columns: columns, rows: hosts)
            if let kept = daemon.pipeline?.quarantined, kept > 0 {
                section.notes.append(
                    "\(StatusPage.count(kept, "event")) could not be read: 'impact-notifier quarantine' lists them."
                )
            }
        } else {
            section.notes.append(Self.unknown)
        }
        guard let figures = overview?.figures else { return section }
        guard figures.openGaps > 0 else {
            section.notes.append("No gap is open: no event is being looked for.")
            return section
        }
        let open = figures.openGaps == 1 ? "gap is" : "gaps are"
        section.notes.append(
            "\(figures.openGaps) \(open) open, and the events that may be missing are being looked for:"
        )
        section.notes += figures.gaps.map { open -> String in
            let (from, until) = (UnixTime(microseconds: open.gap.from), UnixTime(microseconds: open.gap.until))
            let next = open.wait.map { "; those who have not answered are asked again at \($0.nextAt)" } ?? ""
            return "\(from) to \(until) (\(open.gap.reason.rawValue))\(next)"
        }
        return section
    }

    // MARK: the day

    private var day: Section {
        var section = Section(id: "day", title: "The last 24 hours")
        guard let hours = overview?.figures.hours, !hours.isEmpty else { return section }
        func sum(_ figure: (LedgerOverview.Hour) -> Int) -> Int { hours.map(figure).reduce(0, +) }
        let answers = sum(\.answers)
        let rest = answers == 0 ? "" : ", and \(StatusPage.count(answers, "answer")) to what people wrote"
        section.notes.append(
            "\(StatusPage.count(sum(\.requests), "request")), \(StatusPage.count(sum(\.messages), "message"))\(rest)."
        )
        if let pipeline = (try? daemon.get())?.pipeline {
            let last = pipeline.lastDeliveredAt.map { ", the last \((now - $0).inWords) ago" } ?? ""
            section.notes.append(
                "Since the start: \(StatusPage.count(pipeline.matched, "request")), "
                    + "\(StatusPage.count(pipeline.delivered, "message")) delivered\(last)."
            )
        }
        section.body = .hours(hours)
        return section
    }

    // MARK: what waits

    private var waiting: Section {
        var section = Section(id: "waiting", title: "What waits, and for what")
        guard let figures = overview?.figures else { return section }
        let waiting = figures.standing.filter { !$0.state.isFinal || $0.state == .uncertain }
        guard !waiting.isEmpty else {
            section.notes = ["Nothing waits."]
            return section
        }
        let rows = waiting.prefix(Self.maximumReasons).map { standing in
            [standing.state.words, "\(standing.number)", sentence(standing.reason)]
        }
        section.body = .table(columns: ["State", "Number", "Why"], rows: Array(rows))
        return section
    }

    // MARK: the last outcomes

    private var outcomes: Section {
        var section = Section(id: "outcomes", title: "The last outcomes")
        guard let jobs = overview?.figures.outcomes else { return section }
        guard !jobs.isEmpty else {
            section.notes = ["No job is finished yet."]
            return section
        }
        let rows = jobs.map { job -> [String] in
            var row = ["\((now - job.updatedAt).inWords) ago", job.state.words, job.rule]
            if namesPeople { row += [job.owner?.text ?? "nobody", job.uri.text] }
            row.append(job.state == .delivered && job.reason == nil ? "" : sentence(job.reason))
            return row
        }
        let names = namesPeople ? ["Recipient", "Request"] : []
        section.body = .table(columns: ["When", "Outcome", "Rule"] + names + ["Why"], rows: rows)
        if !namesPeople {
            section.notes = [
                "Whom and what it was about is shown where status.listen is a loopback address, and by 'impact-notifier "
                    + "jobs list'."
            ]
        }
        return section
    }

    // MARK: the session

    private var session: Section {
        var section = Section(id: "session", title: "The session")
        guard let session = (try? daemon.get())?.session else {
            section.notes = ["Not known: no running daemon was asked. 'impact-notifier session status' reads its file."]
            return section
        }
        let end = session.endsAt.map { "\(CalendarDate($0)), in \(($0 - now).inWords)" }
        let facts: [Fact?] = [
            Fact(name: "State", value: session.state.text),
            Fact(name: "Account", value: session.account.text),
            Fact(name: "Kind", value: session.kind.rawValue),
            Fact(name: "Ends", value: end ?? (session.createdAt == nil ? "there is none" : "only when it is ended")),
            session.refreshedAt.map { Fact(name: "Renewed", value: "\((now - $0).inWords) ago") },
            session.waitsUntil.map { Fact(name: "Next try", value: "in \(($0 - now).inWords)") },
            session.pds.map { Fact(name: "PDS", value: $0) },
        ]
        section.body = .facts(facts.compactMap(\.self))
        return section
    }

    // MARK: the rules

    private var rulesTable: Section {
        var section = Section(id: "rules", title: "The rules, in the last seven days")
        guard let tallies = overview?.figures.rules else { return section }
        let rows = rules.map { name -> [String] in
            let tally = tallies[name]
            let refused = (tally?.refused ?? [:]).sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            return [
                name, "\(tally?.matched ?? 0)", "\(tally?.told ?? 0)", "\(refused.map(\.value).reduce(0, +))",
                refused.prefix(3).map { "\($0.key.rawValue): \($0.value)" }.joined(separator: ", "),
            ]
        }
        section.body = .table(columns: ["Rule", "Matched", "Told", "Refused", "Mostly for"], rows: rows)
        return section
    }

    private func age(_ time: Int64?) -> String {
        time.map { "\((now - UnixTime(microseconds: $0)).inWords) ago" } ?? "none yet"
    }

    private func sentence(_ reason: Reason?) -> String { (reason ?? .waiting).sentence }
}

extension JobState {
    /// The state in words.
    fileprivate var words: String {
        switch self {
        case .lookup: "owner being looked up"
        case .queued: "ready to be sent"
        case .sending: "being sent"
        case .verify: "may have arrived, being checked"
        case .posting: "being mentioned in public"
        case .deferred: "waits"
        case .delivered: "told"
        case .dropped: "not told"
        case .uncertain: "needs your decision"
        }
    }
}
