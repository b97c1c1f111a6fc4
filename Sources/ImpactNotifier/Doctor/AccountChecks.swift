internal import ATProtocol
internal import Glibc
internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// The checks that need the stored session: session, account, scope, proxy, chat.
struct AccountChecks {
    let configuration: Configuration
    let services: NetworkServices
    let did: DID
    let logger: Logger

    func findings() async -> [DoctorFinding] {
        let session: StoredSession
        do throws(DaemonError) { session = try await services.openSession(of: did) } catch {
            return [.failure("session", error.sentence, "Run 'impact-notifier login'.")]
                + skipped(["account", "scope", "profile", "proxy", "chat"])
        }
        return await session.keepingTokens { await findings(about: session) }
    }

    private func findings(about session: StoredSession) async -> [DoctorFinding] {
        let status = await session.status()
        var findings = [Self.finding(of: status)]
        guard status.state.isUsable else {
            return findings + skipped(["account", "scope", "profile", "proxy", "chat"])
        }
        let (account, isAlive) = await self.account(session)
        findings.append(account)
        guard isAlive else { return findings + skipped(["scope", "profile", "proxy", "chat"]) }
        findings.append(scope(status))
        findings.append(await profile(session))
        findings += await chat(session)
        return findings
    }

    private func skipped(_ steps: [String]) -> [DoctorFinding] {
        steps.map { .skipped($0, because: "an earlier step failed") }
    }

    private static func finding(of status: SessionStatus) -> DoctorFinding {
        let kind = "\(status.kind.rawValue) session"
        guard status.state.isUsable else {
            let problem = status.state.problem.map { " (\($0.reason.rawValue)): \($0.detail)" } ?? ""
            let remedy = status.state.remedy ?? ""
            // For a remedy that names this very command, only the page helps.
            let isHere = remedy == "impact-notifier doctor"
            let advice = isHere ? "\(Documentation.oauth.path) explains it." : "Run '\(remedy)'."
            return .failure("session", "\(kind) is \(status.state.name)\(problem)", advice)
        }
        guard let end = status.endsAt else { return .ok("session", "\(kind), renewed \(status.generation) times") }
        let days = (end - SystemClock().now()).wholeSeconds / 86_400
        let found = "\(kind), ends in \(days) days and cannot be prolonged"
        guard days < 14 else { return .ok("session", found) }
        return .warning(
            "session",
            found,
            "A hosted client lives for two years: \(Documentation.oauth.path). Or log in again in time."
        )
    }

    /// Asks the PDS who we are, without the proxy; an answer shows that token, proof and clock are in order.
    private func account(_ session: StoredSession) async -> (DoctorFinding, isAlive: Bool) {
        do {
            let response = try await session.send(.query(try NSID("com.atproto.server.getSession")))
            guard response.isSuccess, let json = try? JSONValue(parsing: response.body) else {
                let diagnosis = FailureAdvice(.answer(XRPCError(response)), in: .readStatus, proxy: "")
                return (.failure("account", diagnosis.found, diagnosis.advice), false)
            }
            guard json["active"]?.bool != false else {
                let state = json["status"]?.string ?? "inactive"
                return (.failure("account", "the PDS says that it is \(state)", "Talk to the account's host."), false)
            }
            return (.ok("account", "the PDS knows the session and the account is active"), true)
        } catch {
            return (.failure("account", "\(error)", "Repair this first: the daemon would send nothing."), false)
        }
    }

    private func scope(_ status: SessionStatus) -> DoctorFinding {
        if status.canSendMessages, configuration.delivery.mentions.isEnabled, !status.canPost {
            return .warning(
                "scope",
                "the session may send messages, but not write the posts that mentions.owners asks for",
                "Run 'impact-notifier login' again, and allow \(ScopeChoice.postScope) or transition:generic."
            )
        }
        guard !status.canSendMessages else { return .ok("scope", "the session may send messages") }
        return .failure(
            "scope",
            "the session may not send messages: \(status.scope ?? "no scope")",
            "Run 'impact-notifier login' and allow direct messages; an app password needs 'access to direct messages'."
        )
    }

    /// Checks the bot label: Bluesky asks automated accounts for it, and recipients see it.
    private func profile(_ session: StoredSession) async -> DoctorFinding {
        guard await session.isLabelledBot() == true else {
            return .warning(
                "profile",
                "the sender's profile does not carry the label 'bot'",
                "Mark the account as automated in the app's settings; Bluesky's guidelines ask for it."
            )
        }
        return .ok("profile", "the sender is labelled as automated")
    }

    /// Checks the chat service through the PDS: header, service id, the PDS's own token, our status, and our messages
    /// there.
    private func chat(_ session: StoredSession) async -> [DoctorFinding] {
        let proxy = configuration.delivery.sending.proxy
        let chat = ChatClient(session: session, proxy: proxy)
        do {
            let isDisabled = try await chat.isChatDisabled()
            let forwarded = DoctorFinding.ok("proxy", "the PDS forwards to \(proxy)")
            guard !isDisabled else {
                let advice = "Open the account in the app: it was moderated, or chat is switched off."
                return [forwarded, .failure("chat", "the chat service has disabled the sender", advice)]
            }
            return [forwarded] + (await messages(chat, proxy))
        } catch {
            let diagnosis = FailureAdvice(error, in: .readStatus, proxy: proxy)
            return [.failure("proxy", diagnosis.found, diagnosis.advice), .skipped("chat", because: "not reached")]
        }
    }

    /// Makes a call that is refused to an app password without direct messages, which `getStatus` does not show.
    private func messages(_ chat: ChatClient, _ proxy: String) async -> [DoctorFinding] {
        let writable = DoctorFinding.ok("chat", "the chat service lets the sender write")
        do throws(CallError) {
            guard let newest = try await chat.newestOwnMessage() else { return [writable] }
            return [writable, await ledger(newest.id, in: newest.conversation)]
        } catch {
            // A session with fine-grained scopes may lack the scope for this call.
            guard error.errorName != "ScopeMissingError" else { return [writable] }
            let diagnosis = FailureAdvice(error, in: .readMessages, proxy: proxy)
            return [.failure("chat", diagnosis.found, diagnosis.advice)]
        }
    }

    /// Whether the ledger knows the newest message of this account; a restored ledger, or another account's, does not.
    private func ledger(_ message: String, in conversation: String) async -> DoctorFinding {
        guard unsafe access(configuration.stateDirectory + "/ledger.sqlite", F_OK) == 0 else {
            return .warning(
                "ledger",
                "the chat holds messages of this program, and there is no ledger",
                "Restore ledger.sqlite and marks.key from a backup: \(Documentation.operations.path). Without them what "
                    + "was told before is left to you to decide."
            )
        }
        do throws(LedgerError) {
            let ledger = try await Ledger.open(directory: configuration.stateDirectory, access: .command)
            guard try await !ledger.knows(message, in: conversation) else {
                return .ok("ledger", "knows the newest message of this account")
            }
            return .warning(
                "ledger",
                "is older than the chat: the newest message of this account is not in it",
                "Nobody is told twice, for each conversation is read first. When you restored no backup, another daemon "
                    + "sends for this account: stop it."
            )
        } catch {
            return .failure("ledger", error.description, "\(Documentation.operations.path) says how it is restored.")
        }
    }
}
