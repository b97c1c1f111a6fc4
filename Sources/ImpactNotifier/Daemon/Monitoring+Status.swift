internal import ATProtocol
internal import Firehose
internal import Network
internal import Notifier
internal import OAuth

/// What the status endpoint gets from the board.
extension Monitoring {
    /// The source of the endpoint's answers.
    func source(_ board: StatusBoard) -> StatusSource {
        let facts = facts(board, since: .now)
        return StatusSource(
            pending: { [hosts] in
                // Only hosts that were ever connected are reported.
                [board.ledger().pending, hosts.reports.isEmpty ? "stream" : nil].compactMap(\.self)
            },
            obstacle: { Self.obstacle(board)?.description },
            isSendingOff: { [isOff = !configuration.delivery.sending.isEnabled] in isOff },
            status: { [hosts] in
                var json: [String: JSONValue] = ["version": .string(BuildInformation.version)]
                json["session"] = SessionText(board.session, now: SystemClock().now()).json
                json["ledger"] = board.ledger().json
                json["pipeline"] = board.pipeline?.json
                json["obstacle"] = Self.obstacle(board).map { .string($0.description) } ?? .null
                json["stream"] = .array(hosts.reports.map(\.json))
                json["health"] = facts().page.healthJSON
                return .object(json)
            },
            metrics: { [registry] in
                let families =
                    registry.families() + SessionMetrics(board.session).families
                    + [MetricFamily(own: "ledger_unanswered_seconds", .gauge, [.init(value: board.ledger().silence)])]
                return families.sorted { $0.name < $1.name }
            },
            page: { facts().page },
            sender: { board.sender },
            request: { [desk = ledger.requests] uri, tell in
                desk.standing(of: uri, now: SystemClock().now(), then: tell)
            }
        )
    }

    /// The facts for the page, computed each time.
    private func facts(_ board: StatusBoard, since start: ContinuousClock.Instant) -> @Sendable () -> StatusFacts {
        let rules = configuration.delivery.rules.map(\.name)
        let namesPeople = !configuration.status.isReachedByOthers
        return { [hosts] in
            let session = board.session
            return StatusFacts(
                now: SystemClock().now(),
                account: board.sender,
                rules: rules,
                namesPeople: namesPeople,
                daemon: .success(
                    .init(
                        session: session,
                        ledger: board.ledger(),
                        pipeline: board.pipeline,
                        hosts: hosts.reports,
                        uptime: ContinuousClock.now - start
                    )
                ),
                overview: board.overview()
            )
        }
    }

    /// Why nothing can be sent now; nil when messages are sent as they come.
    static func obstacle(_ board: StatusBoard) -> SendingObstacle? {
        let sender = board.pipeline?.sender ?? .open
        return SendingObstacle(session: board.session.sendObstacle, sender: sender, now: SystemClock().now())
    }
}

extension StatusBoard.LedgerState {
    /// The state as JSON.
    fileprivate var json: JSONValue {
        var problem: String?
        if case .failing(let text) = self { problem = text }
        return [
            "answers": .bool(self == .answering),
            "unanswered_seconds": .number(silence),
            "problem": problem.map { .string($0) } ?? .null,
        ]
    }
}
