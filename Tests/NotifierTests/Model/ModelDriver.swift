import ATProtocol
import Firehose
import Network
import TestSupport

@testable import Notifier

/// Carries steps out on a ledger, calling what the loops call, in their order.
struct ModelDriver {
    let store: ModelLedger
    var state: ModelState
    /// What a step did wrong at once.
    var faults: [String] = []

    var queue: JobQueue { store.queue }
    var world: ModelWorld { state.world }

    var policy: AdmissionPolicy { AdmissionPolicy(world.configuration, sender: ModelWorld.sender) }

    func key() async throws -> ModelState.Key { state.key(try await store.fingerprint(state)) }

    func suppressed() async throws -> Set<DID> { Set(try await store.ledger.suppressions.all().map(\.did)) }

    mutating func take(_ step: ModelStep) async throws {
        state.now += 1
        switch step {
        case .write(let request): try await tell(request, .first)
        case .update(let request): try await tell(request, .second)
        case .move(let request): try await tell(request, .moved)
        case .delete(let request): try await tell(request, .deleted)
        case .authorGone(let author):
            try await callOff(author, .authorInactive(ModelWorld.authors[author], witnessed: state.now.microseconds))
        case .burst(let author):
            try await callOff(author, .authorBurst(ModelWorld.authors[author], Burst(number: 60, at: state.now)))
        case .look: try await look()
        case .find(let finding): try await find(finding)
        case .open(let calling): try await open(calling)
        case .send(let sending): try await send(sending)
        case .verify(let sending): try await verify(.answered, resendIn: 0, sending)
        case .verifyFails(let calling): try await verify(calling, resendIn: 0, .arrives)
        case .verifyEarly: try await verify(.answered, resendIn: 10, .arrives)
        case .ask: try await ask()
        case .mention(let posting): try await mention(posting)
        case .follow(let owner):
            state.world.followers.insert(ModelWorld.owners[owner])
            state.world.silent.remove(ModelWorld.owners[owner])
        case .unfollow(let owner): state.world.followers.remove(ModelWorld.owners[owner])
        case .block(let owner): state.world.blockers.insert(ModelWorld.owners[owner])
        case .silence(let owner): state.world.silent.insert(ModelWorld.owners[owner])
        case .lock(let owner): state.world.unreadable.insert(ModelWorld.owners[owner])
        case .unlock(let owner): state.world.unreadable.remove(ModelWorld.owners[owner])
        case .stop(let owner): try await suppress(owner, .ownerStopped)
        case .suppress(let owner): try await suppress(owner, .operatorDecision)
        case .lift(let owner): _ = try await store.ledger.suppressions.lift(ModelWorld.owners[owner])
        case .retry(let request): try await decide(.retry, request)
        case .drop(let request): try await decide(.drop, request)
        case .reload(let settings):
            state.world.settings = settings
            try await restart()
        case .restart: try await restart()
        case .review: try await review.run()
        case .month:
            state.now += 31 * 86_400
            _ = try await queue.wakeDue(now: state.now, agreed: state.now)
            try await expireQueued()
        }
    }

    /// What a pipeline does before its first steps, when the process starts or settings were loaded; what was in memory is gone.
    ///
    /// What waits is looked at anew beside all other steps: that is one of its own.
    mutating func restart() async throws {
        state.sending = nil
        state.looking = []
        try await review.begin()
        try await queue.recoverMentions(of: world.configuration.mentions.owners, now: state.now)
        _ = try await queue.recover(now: state.now)
        try await expireQueued()
        try await queue.correctAllWaits(now: state.now)
    }

    /// What the housekeeper does at the start and each hour.
    private func expireQueued() async throws {
        let oldest = state.now - world.configuration.policy.maximumQueueAge
        while try await !queue.expireQueued(before: oldest, now: state.now).outcomes.isEmpty {}
    }

    private var review: SettingsReview {
        let clock = ManualClock(state.now)
        let context = DeliveryContext.silent(world.configuration, http: Self.network, wallClock: clock)
        return SettingsReview(context: context, queue: queue, settings: store.ledger.settings)
    }

    /// Nobody asks it anything.
    private static let network = ScriptedClient.world()
}

// The stream and the people.
extension ModelDriver {
    private func event(_ request: Int, _ operation: StreamEvent.Commit.Operation, _ version: ModelWorld.Version) throws
        -> (StreamEvent, StreamEvent.Commit)
    {
        let isDeleted = version == .deleted
        let commit = StreamEvent.Commit(
            operation: operation,
            collection: NSID(known: "com.example.change.request"),
            recordKey: try RecordKey("r\(request)"),
            rev: TID(microseconds: 1_790_000_000_000_000 + UInt64(state.serial), clock: 1).text,
            cid: isDeleted ? nil : ModelWorld.cid(of: request, version),
            record: isDeleted ? nil : ["title": .string(version.rawValue)]
        )
        let position = StreamPosition(
            host: "stream.test",
            wire: .jetstream2,
            value: Int64(state.serial),
            witnessed: state.now.microseconds
        )
        return (StreamEvent(position: position, did: ModelWorld.author(of: request), body: .commit(commit)), commit)
    }

    private mutating func tell(_ request: Int, _ version: ModelWorld.Version) async throws {
        state.serial += 1
        let isNew = version == .first
        let operation: StreamEvent.Commit.Operation = version == .deleted ? .delete : isNew ? .create : .update
        let (event, commit) = try event(request, operation, version)
        let uri = try ATURI(ModelWorld.uri(of: request))
        state.world.records[request] = version
        guard version != .deleted else {
            _ = try await queue.store(StreamBatch(), [.deleted(event, uri: uri)], now: state.now)
            state.world.insisted.remove(request)
            return
        }
        state.world.calledOff.remove(request)
        state.world.insisted.remove(request)
        let reference = try ATURI(ModelWorld.reference(of: request, version))
        let before = state.world.written.updateValue(version, forKey: request)
        if before != version {
            // Another project is another matter; what is written as it was is none.
            let project = before.map { ModelWorld.reference(of: request, $0) }
            if project != reference.description { state.world.shadowed.remove(request) }
            if world.settings == .shadow { state.world.shadowed.insert(request) }
        }
        let isBlocked = world.configuration.policy.blockedAuthors.contains(event.did)
        let item = NewRequest(
            event: event,
            commit: commit,
            uri: uri,
            rule: "issues",
            record: commit.record ?? [:],
            references: [.record(reference)],
            leftOut: 0,
            refusal: isBlocked ? Refusal(.authorBlocked, "") : nil,
            startsJob: isNew,
            isShadow: world.settings == .shadow
        )
        _ = try await queue.store(StreamBatch(), [.request(item)], now: state.now)
    }

    private mutating func callOff(_ author: Int, _ item: IntakeItem) async throws {
        _ = try await queue.store(StreamBatch(), [item], now: state.now)
        for request in world.records.keys where ModelWorld.author(of: request) == ModelWorld.authors[author] {
            state.world.calledOff.insert(request)
        }
    }

    private func suppress(_ owner: Int, _ reason: Reason) async throws {
        _ = try await store.ledger.suppressions.suppress(ModelWorld.owners[owner], reason, now: state.now)
    }

    private mutating func decide(_ decision: OperatorDesk.Decision, _ request: Int) async throws {
        let uri = try ATURI(ModelWorld.uri(of: request))
        guard try await !store.ledger.desk.carryOut(decision, about: uri, now: state.now).isEmpty else { return }
        switch decision {
        case .drop: state.world.dropped.insert(request)
        case .retry:
            state.world.dropped.remove(request)
            state.world.calledOff.remove(request)
            state.world.shadowed.remove(request)
            if world.records[request] == .deleted { state.world.insisted.insert(request) }
        }
    }
}
