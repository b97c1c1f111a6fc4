@testable import Notifier

/// Where a walk starts, and which steps it may take.
struct ModelScenario: Sendable {
    let name: String
    var world = ModelWorld()
    let prefix: [ModelStep]
    let steps: [ModelStep]

    init(_ name: String, _ prefix: [ModelStep], _ steps: [ModelStep], _ adapt: (inout ModelWorld) -> Void = { _ in }) {
        self.name = name
        self.prefix = prefix
        self.steps = steps
        world.followers = Set(ModelWorld.owners)
        adapt(&world)
    }

    /// What the loops do when all goes well.
    private static let loops: [ModelStep] = [
        .look, .find(.recipients), .open(.answered), .send(.arrives), .verify(.arrives),
    ]
    private static let found: [ModelStep] = [.look, .find(.recipients)]
    private static let record: [ModelStep] = [.write(0), .update(0), .move(0), .delete(0)]

    static let all: [ModelScenario] = [
        ModelScenario(
            "a request is looked up",
            [.write(0)],
            loops + record + [.find(.unreachable), .find(.accountInactive), .find(.didNotFound), .find(.nothing)]
                + [.find(.givenUp), .authorGone(0), .burst(0), .month, .retry(0), .drop(0), .restart]
        ),
        ModelScenario(
            "a message is sent",
            [.write(0)] + found,
            loops + [.update(0), .delete(0)] + ModelStep.Calling.allCases.dropFirst().map { .open($0) }
                + ModelStep.Sending.allCases.dropFirst().map { .send($0) }
                + [.unfollow(0), .silence(0), .drop(0), .retry(0), .restart]
        ),
        ModelScenario(
            "a message is prepared",
            [.write(0)] + found + [.open(.answered)],
            loops + record + [.authorGone(0), .drop(0), .retry(0), .restart]
                + [.block(0), .send(.lostBeforeStoring), .open(.recipientNotFound)]
        ),
        ModelScenario(
            "a message is in doubt",
            [.write(0)] + found + [.open(.answered), .send(.lostBeforeStoring)],
            loops + record + ModelStep.Sending.allCases.dropFirst().map { .verify($0) }
                + [.verifyFails(.serverError), .verifyFails(.limited), .verifyEarly, .send(.lostAfterStoring)]
                + [.authorGone(0), .drop(0), .retry(0), .restart]
        ),
        ModelScenario(
            "a message that may have arrived cannot be looked for",
            [.write(0)] + found + [.open(.answered), .send(.lostAfterStoring)],
            loops + [.update(0), .move(0), .delete(0), .block(0), .lock(0), .unlock(0), .stop(0), .lift(0)]
                + [.verify(.lostBeforeStoring), .verifyFails(.unreachable), .drop(0), .retry(0), .month, .restart]
        ),
        ModelScenario(
            "a digest is taken apart",
            [.write(0), .write(1)] + found + [.find(.recipients), .open(.answered), .send(.lostBeforeStoring)],
            loops + [.update(0), .move(1), .delete(1), .write(1), .drop(1), .retry(0), .retry(1), .restart]
                + [.send(.lostBeforeStoring), .send(.lostAfterStoring), .verify(.lostAfterStoring), .block(0)]
        ),
        ModelScenario(
            "a request has two recipients",
            [.write(2)] + found,
            loops + [.update(2), .move(2), .delete(2), .write(2), .block(0), .stop(1), .lift(1), .restart]
                + [.send(.lostBeforeStoring), .send(.lostAfterStoring), .drop(2), .retry(2)]
        ),
        ModelScenario(
            "a follow is waited for",
            [.write(0)] + found,
            loops + [.update(0), .move(0), .delete(0), .follow(0), .unfollow(0), .block(0), .silence(0), .stop(0)]
                + [.ask, .month, .drop(0), .retry(0), .restart]
        ) {
            $0.settings = .followers
            $0.followers = []
        },
        ModelScenario(
            "a follower goes away while a message is in doubt",
            [.write(0)] + found + [.ask] + found + [.open(.answered), .send(.lostBeforeStoring)],
            loops + [.unfollow(0), .follow(0), .ask, .update(0), .delete(0), .stop(0)]
                + [.verify(.lostBeforeStoring), .verify(.lostAfterStoring), .verifyEarly, .retry(0), .restart]
        ) { $0.settings = .followers },
        ModelScenario(
            "settings change",
            [.write(0), .write(2)] + found + [.find(.recipients)],
            loops + [.reload(.anyone), .reload(.allowlist), .reload(.blocked), .reload(.ruleless), .reload(.followers)]
                + [.review, .send(.lostBeforeStoring), .suppress(0), .lift(0), .update(0), .retry(0), .restart]
        ) { $0.refusesEarly = false },
        ModelScenario(
            "settings change while a follow is waited for",
            [.write(0), .reload(.followers)] + found + [.ask],
            loops + [.reload(.anyone), .reload(.followers), .reload(.allowlist), .review]
                + [.ask, .follow(0), .update(0), .month, .restart]
        ) { $0.followers = [] },
        ModelScenario(
            "sending is turned off and on",
            [.write(0)] + found + [.open(.answered), .send(.lostBeforeStoring), .reload(.shadow), .write(1)],
            loops + [
                .update(0), .move(0), .update(1), .move(1), .delete(1), .write(1), .reload(.anyone), .reload(.shadow),
                .review,
            ]
                + [.send(.lostAfterStoring), .drop(0), .retry(0), .retry(1), .restart]
        ),
        ModelScenario(
            "an owner is mentioned",
            [.write(0)] + found + [.ask],
            found + ModelStep.Posting.allCases.map { .mention($0) } + record
                + [.ask, .drop(0), .retry(0), .restart]
        ) {
            $0.settings = .mentions
            $0.followers = []
        },
        ModelScenario(
            "an owner who is mentioned decides otherwise",
            [.write(0)] + found + [.ask],
            loops + [
                .mention(.arrives), .mention(.lostBeforeStoring), .reload(.followers), .reload(.mentions), .follow(0),
            ]
                + [.ask, .stop(0), .lift(0), .authorGone(0), .update(0), .month, .retry(0)]
        ) {
            $0.settings = .mentions
            $0.followers = []
        },
        ModelScenario(
            "a window holds the second message back",
            [.write(0)] + found + [.open(.answered), .send(.arrives), .write(1)] + found,
            loops + [
                .send(.lostBeforeStoring), .update(1), .delete(1), .write(1), .drop(1), .retry(1), .stop(0), .restart,
            ]
        ) {
            $0.settings = .window
            $0.counted = 300
        },
        ModelScenario(
            "a limit holds two messages back",
            [.write(0)] + found + [.open(.answered), .send(.arrives), .write(2)] + found,
            loops + [.reload(.anyone), .reload(.ownerLimit), .reload(.authorLimit), .review]
                + [.update(2), .delete(2), .drop(2), .block(1), .restart]
        ) {
            $0.settings = .authorLimit
            $0.counted = 3600
        },
    ]
}
