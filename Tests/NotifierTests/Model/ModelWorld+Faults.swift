import ATProtocol

@testable import Notifier

extension ModelState {
    /// What the loops do next when nothing bad happens any more; nil when they have nothing to do.
    func nextGoodStep(_ view: ModelView) -> ModelStep? {
        if sending != nil { return .send(.arrives) }
        if view.owesReview(by: world.settings) { return .review }
        if !looking.isEmpty { return .find(.recipients) }
        if view.messages.contains(where: { $0.state == .verify }) { return .verify(.arrives) }
        if view.requests.contains(where: { $0.state == .lookup }) { return .look }
        if view.jobs.contains(where: { $0.state == .queued }) { return .open(.answered) }
        if view.jobs.contains(where: { $0.state == .posting }) { return .mention(.arrives) }
        let isAwaited = view.jobs.contains {
            $0.state == .deferred && $0.reason?.waits == .follow
                && ($0.reason == .relationshipUnknown || world.followers.contains($0.owner))
        }
        if isAwaited { return .ask }
        let isMentioned =
            world.settings == .mentions
            && view.jobs.contains { $0.state == .deferred && $0.reason?.allowsMention == true }
        return isMentioned ? .mention(.arrives) : nil
    }

    /// What must not be seen when nothing happens any more.
    func faultsAtRest(in view: ModelView) -> [String] {
        // A recipient who waits is not always mentioned; everything else comes to its end.
        switch nextGoodStep(view) {
        case nil, .mention: world.faultsAtRest(in: view)
        case let step?: ["nothing comes of \(step)"]
        }
    }
}

extension ModelWorld {
    /// What must never be seen in rows and conversations together.
    func faults(in view: ModelView) -> [String] {
        view.jobs.compactMap { job in
            let name = "r\(job.request) for \(job.owner)"
            switch job.state {
            case .delivered where job.reason == .mentionPosted:
                return posts.values.contains("r\(job.request) to \(job.owner)")
                    ? nil : "\(name) is delivered by no post"
            case .delivered: return told(job.request, to: job.owner) == 1 ? nil : "\(name) is delivered by no message"
            case .deferred:
                return job.reason?.waits == nil
                    ? "\(name) waits for what never comes: \(job.reason?.rawValue ?? "")" : nil
            default: return nil
            }
        }
    }

    /// Reasons that the record itself disproves while it is there and its author is.
    private static let disproved: Set<Reason> = [
        .recordDeleted, .recordReplaced, .ownerChanged, .authorInactive, .authorBurst,
    ]

    /// By these something waits for a follow, or until its rule has a new name.
    private static let waiting: Set<Settings> = [.followers, .mentions, .ruleless]

    /// What must not be seen when nothing happens any more.
    func faultsAtRest(in view: ModelView) -> [String] {
        var faults: [String] = []
        for (number, version) in records
        where version != .deleted && !calledOff.contains(number) && !dropped.contains(number) {
            guard let request = view.requests.first(where: { $0.number == number }) else {
                faults.append("r\(number) is unknown")
                continue
            }
            if request.state == .dropped, let reason = request.reason, Self.disproved.contains(reason) {
                faults.append("r\(number) is there, and is dropped for \(reason.rawValue)")
            }
            let recipients = Self.recipients(of: Self.reference(of: number, version))
            for job in view.jobs where job.request == number {
                let name = "r\(number) for \(job.owner)"
                if job.state == .deferred, job.reason?.isOfPolicy == true, !Self.waiting.contains(settings) {
                    faults.append("\(name) waits for a follow that the settings do not ask for")
                }
                if !recipients.contains(job.owner), !job.state.isFinal {
                    faults.append("\(name), who does not own it, is open")
                }
                if recipients.contains(job.owner), request.state == .resolved, job.state == .dropped,
                    let reason = job.reason, Self.disproved.contains(reason)
                {
                    faults.append("\(name) is dropped for \(reason.rawValue), which is not so")
                }
            }
            guard request.state == .resolved else { continue }
            for owner in recipients where !view.jobs.contains(where: { $0.request == number && $0.owner == owner }) {
                faults.append("\(owner) gets nothing of r\(number), and there is no job that says why")
            }
        }
        return faults
    }
}
