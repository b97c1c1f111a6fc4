internal import ATProtocol
internal import Crypto
internal import Logging
internal import Metrics
internal import Network

/// Verifies everything that a relay says, beside the reader and on a thread of its own; nothing waits for it.
struct CommitVerifier: Sendable {
    /// Where the reader puts its messages.
    let queue = VerificationQueue()
    private let identities: any IdentityResolving
    private let quarantine: StreamMailbox
    private let clock: any WallClock
    private let logger: Logger

    /// A verifier that is not running yet.
    ///
    /// - Parameters:
    ///   - identities: tells the keys.
    ///   - quarantine: takes what is refused, if it has room.
    ///   - clock: the date.
    ///   - logger: gets a line a minute about what could not be verified, and one for each wanted author whose
    ///     repository is desynchronized.
    init(
        identities: any IdentityResolving,
        quarantine: StreamMailbox,
        clock: any WallClock,
        logger: Logger
    ) {
        self.identities = identities
        self.quarantine = quarantine
        self.clock = clock
        self.logger = logger
    }

    /// Verifies until the task is cancelled.
    func run() async {
        let executor: ThreadExecutor
        do throws(StreamFailure) { executor = try ThreadExecutor(name: "verifier") } catch {
            logger.error("nothing is verified", metadata: ["reason": "\(error)"])
            return
        }
        await withTaskExecutorPreference(executor) { await verify() }
    }

    private enum Step: Sendable {
        case intake(VerificationQueue.Intake?)
        case key(DID, Result<PublicKey?, IdentityFailure>)
    }

    @concurrent
    private func verify() async {
        var state = VerificationState()
        var report = VerificationReport(logger: logger)
        await withTaskGroup(of: Step.self) { group in
            group.addTask { .intake(await queue.next()) }
            while let step = await group.next() {
                var findings: [VerificationState.Finding] = []
                switch step {
                case .intake(let intake):
                    guard let intake else {
                        group.cancelAll()
                        return
                    }
                    findings = Self.findings(intake, &state)
                    group.addTask { .intake(await queue.next()) }
                case .key(let did, let key):
                    findings = state.answer(did, key, now: clock.now())
                }
                for finding in findings {
                    switch finding {
                    case .lookUp(let did, let isFresh):
                        group.addTask { .key(did, await key(of: did, isFresh: isFresh)) }
                    case .refused(let message):
                        report.refused(message, isKept: quarantine.offer(StreamBatch(rejected: [message])))
                    default: report.add(finding)
                    }
                }
                report.publish(accounts: state.accountCount, now: clock.now())
            }
        }
    }

    private static func findings(
        _ intake: VerificationQueue.Intake,
        _ state: inout VerificationState
    ) -> [VerificationState.Finding] {
        var findings: [VerificationState.Finding] = []
        for message in intake.messages {
            switch ClaimedCommit.read(message) {
            case .claim(let claim): findings += state.take(claim, now: message.now)
            case .identity(let did): state.forgetKey(of: did)
            // A wanted commit that does not fit together was put aside by the reader already.
            case .refused(let refusal) where !message.isWanted: findings.append(.refused(refusal))
            case .refused, .other: break
            }
        }
        findings += Array(repeating: .unverified(.queueFull), count: intake.lost)
        if intake.lost > 0 || intake.isInterrupted { state.forgetChains() }
        return findings
    }

    private func key(of did: DID, isFresh: Bool) async -> Result<PublicKey?, IdentityFailure> {
        do throws(IdentityFailure) {
            let text = try await identities.document(of: did, isFresh: isFresh).signingKey
            return .success(text.flatMap { try? PublicKey(multikey: $0) })
        } catch {
            return .failure(error)
        }
    }
}
