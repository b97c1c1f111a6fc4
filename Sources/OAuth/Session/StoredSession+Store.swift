internal import Logging
internal import Network

/// Keeping memory and disk in step.
extension StoredSession {
    /// Reads the file, whatever was known before.
    func reload() async {
        guard let store else { return }
        let version = await currentVersion()
        do throws(OAuthFailure) {
            let stored = try await queue.run { () throws(OAuthFailure) in try store.load() }
            self.version = version
            guard let stored else {
                record = nil
                let detail = "there is no session in \(configuration.stateDirectory)"
                machine.settle(.needsLogin(SessionTrouble(.neverLoggedIn, detail)))
                return
            }
            adopt(stored)
        } catch {
            self.version = nil
            record = nil
            machine.settle(.misconfigured(SessionTrouble(.fileUnusable, error.sentence)))
        }
    }

    /// Reads the file when it is another one than last time: a new login needs no restart.
    func pickUp() async {
        guard flight == nil, rescue == nil, store != nil else { return }
        let current = await currentVersion()
        guard current != version, flight == nil else { return }
        await reload()
        report()
    }

    func currentVersion() async -> FileStatus? {
        guard let store else { return nil }
        return (try? await queue.run { () throws(OAuthFailure) in store.version() }) ?? nil
    }

    /// Takes over a record that the store holds.
    func adopt(_ stored: SessionRecord) {
        let isOtherLogin = record?.loginID != stored.loginID
        guard record?.isSucceeded(by: stored) ?? true else { return }
        if isOtherLogin, record != nil {
            environment.logger.notice("new login picked up", metadata: ["did": "\(stored.account)"])
        }
        machine.sessionReplaced()
        record = stored
        isUnsaved = false
        isOutcomeUnknown = false
        refusedGeneration = nil
        followsCrash = stored.intent?.generation == stored.generation
        if followsCrash {
            environment.logger.warning(
                "a refresh was begun and not ended by an earlier process",
                metadata: ["did": "\(stored.account)", "generation": "\(stored.generation)"]
            )
        }
        if let trouble = unfit(stored) {
            machine.settle(trouble)
        } else if let verdict = stored.verdict {
            machine.settle(verdict)
        }
    }

    /// What forbids the use of a record; nil when nothing does.
    func unfit(_ record: SessionRecord) -> SessionState? {
        guard record.account == account else {
            return .misconfigured(SessionTrouble(.otherAccount, "the stored session is of \(record.account)"))
        }
        guard record.kind == configuration.kind else {
            let detail = "the stored session is of kind \(record.kind.rawValue), not \(configuration.kind.rawValue)"
            return .misconfigured(SessionTrouble(.otherClient, detail))
        }
        if let trouble = method.mismatch(with: record) { return .misconfigured(trouble) }
        return nil
    }

    /// Waits for the lock that is held from reading the record to writing its successor; nil when it stays taken for 70 s,
    /// or cannot be taken: ``lockFailure`` tells.
    func takeLock() async -> (any FileLock)? {
        guard let store else { return nil }
        lockFailure = nil
        for _ in 0..<700 {
            do throws(OAuthFailure) {
                if let lock = try await queue.run({ () throws(OAuthFailure) in try store.lock() }) { return lock }
            } catch {
                lockFailure = error
                environment.logger.error("session lock unusable", metadata: ["reason": "\(error.sentence)"])
                return nil
            }
            try? await environment.sleeper.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Writes tokens that are only in memory, for as long as it takes: nothing else keeps the session alive.
    func rescueUnsaved() {
        guard rescue == nil else { return }
        rescue = Task {
            var backoff = Backoff(base: .seconds(1), limit: .seconds(60))
            while isUnsaved {
                try? await environment.sleeper.sleep(for: backoff.next())
                guard let lock = await takeLock() else { continue }
                await saveUnsaved()
                lock.unlock()
            }
            rescue = nil
            report()
        }
    }

    /// One attempt to write tokens that are only in memory; the lock is held.
    func saveUnsaved() async {
        guard isUnsaved, let store, let record else { return }
        do throws(OAuthFailure) {
            let stored = try await queue.run { () throws(OAuthFailure) in try store.load() }
            if let stored, record.isSucceeded(by: stored) {
                // A new login came between; its tokens count, ours are of a session that it replaced.
                isUnsaved = false
                adopt(stored)
                return
            }
            _ = try await queue.run { () throws(OAuthFailure) in try store.save(record) }
            version = await currentVersion()
            isUnsaved = false
            machine.saved()
            environment.logger.notice(
                "rotated tokens stored after all",
                metadata: ["generation": "\(record.generation)"]
            )
        } catch {
            environment.logger.error(
                "rotated tokens are in memory only; do not stop this process",
                metadata: ["reason": "\(error.sentence)", "generation": "\(record.generation)"]
            )
        }
    }
}
