internal import ATProtocol
internal import Logging
internal import Network

/// What an answer of the account's own server means for the session.
extension StoredSession {
    /// Judges an answer; hands back what the caller of this must still act on.
    ///
    /// - Throws: ``SessionFailure`` when the answer is none to the call.
    func judge(
        _ response: HTTPResponse,
        _ call: XRPCCall,
        _ record: SessionRecord
    ) throws(SessionFailure) -> ResourceReply {
        defer { report() }
        let reply = ResourceReply(response, kind: record.kind)
        let now = environment.clock.now()
        switch reply {
        case .passed:
            // A server error says nothing about the session.
            if response.status < 500, response.status != 429 { machine.callSucceeded() }
        case .tokenRefused: break
        case .nonceWanted:
            let trouble = SessionTrouble(.nonce, "the PDS asks for a nonce again and again")
            machine.callPostponed(trouble, at: now, jitter: environment.jitter())
            throw failure()
        case .clock(let detail):
            machine.callPostponed(SessionTrouble(.clock, detail), at: now, jitter: environment.jitter())
            throw failure()
        case .keyMismatch:
            machine.settle(.misconfigured(SessionTrouble(.keyBinding, "the tokens are bound to another key")))
            throw failure()
        case .proofRefused(let detail):
            machine.settle(.misconfigured(SessionTrouble(.proofRefused, "\(detail), sent for \(record.pds)")))
            throw failure()
        case .proofReplayed:
            // A copy of the request arrived first and may have been carried out.
            throw SessionFailure(
                HTTPFailure(
                    code: .other,
                    origin: record.pds,
                    detail: "the server saw the same proof before",
                    mayHaveBeenSent: call.kind == .procedure
                )
            )
        // What the chat service needs is what the session is for; whoever makes another call sees its refusal.
        case .scopeMissing where call.proxy == nil || !ScopeGrant.chatMethods.contains(call.method.text): break
        case .scopeMissing(let detail):
            settleForGood(.needsLogin(SessionTrouble(.scope, detail)))
        case .notPrivileged:
            let detail = "the app password may not use direct messages; make one that may"
            machine.settle(.misconfigured(SessionTrouble(.notPrivileged, detail)))
        case .tokenMisread(let detail):
            machine.settle(.misconfigured(SessionTrouble(.proofRefused, "the server misread the token: \(detail)")))
        case .accountInactive(let detail):
            machine.accountInactive(detail, at: now)
        }
        return reply
    }

    /// Row 4, last step: the tokens are fresh, and still refused.
    func freshTokenRefused(_ detail: String) async {
        machine.freshTokenRefused(detail, at: environment.clock.now())
        if case .needsLogin(let trouble) = machine.state { settleForGood(.needsLogin(trouble)) }
        report()
        await checkIdentity()
    }

    /// Enters a state that a restart must not forget.
    func settleForGood(_ state: SessionState) {
        machine.settle(state)
        guard record?.verdict != state else { return }
        record?.verdict = state
        guard flight == nil, let record else { return }
        paperwork = Task { await persistVerdict(of: record) }
    }

    /// Writes the verdict, if the store still holds the session it is about.
    private func persistVerdict(of judged: SessionRecord) async {
        guard let store, let lock = await takeLock() else { return }
        defer { lock.unlock() }
        do throws(OAuthFailure) {
            try await queue.run { () throws(OAuthFailure) in
                guard var stored = try store.load(), !judged.isSucceeded(by: stored) else { return }
                stored.verdict = judged.verdict
                try store.save(stored)
            }
            version = await currentVersion()
        } catch {
            environment.logger.warning("session verdict not stored", metadata: ["reason": "\(error.sentence)"])
        }
    }
}
