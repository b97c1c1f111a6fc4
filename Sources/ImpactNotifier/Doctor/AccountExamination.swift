internal import ATProtocol
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// The steps that need the stored session: session, account, scope, proxy, chat.
struct AccountExamination {
    let configuration: Configuration
    let services: NetworkServices
    let did: DID
    let logger: Logger

    func findings() async -> [DoctorFinding] {
        let session: StoredSession
        do throws(DaemonFailure) { session = try await services.openSession(of: did) } catch {
            return [.failure("session", error.sentence, "Run “impact-notifier login”.")]
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
            // What names this very command is explained by the page alone.
            let isHere = remedy == "impact-notifier doctor"
            let advice = isHere ? "\(Documentation.oauth.path) explains it." : "Run “\(remedy)”."
            return .failure("session", "\(kind) is \(status.state.name)\(problem)", advice)
        }
        guard let end = status.endsAt else { return .ok("session", "\(kind), renewed \(status.generation) times") }
        let days = (end - SystemClock().now()).wholeSeconds / 86_400
        let found = "\(kind), ends in \(days) days whatever one does"
        guard days < 14 else { return .ok("session", found) }
        return .warning(
            "session",
            found,
            "A hosted client lives for two years: \(Documentation.oauth.path). Or log in again in time."
        )
    }

    /// Asks the PDS who we are, without the proxy: token, proof and clock are in order when it knows.
    private func account(_ session: StoredSession) async -> (DoctorFinding, isAlive: Bool) {
        do {
            let response = try await session.send(.query(try NSID("com.atproto.server.getSession")))
            guard response.isSuccess, let json = try? JSONValue(parsing: response.body) else {
                let diagnosis = CallDiagnosis(.answer(XRPCError(response)), in: .readStatus, proxy: "")
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
                "Run “impact-notifier login” again, and allow \(ScopeChoice.postScope) or transition:generic."
            )
        }
        guard !status.canSendMessages else { return .ok("scope", "the session may send messages") }
        return .failure(
            "scope",
            "the session may not send messages: \(status.scope ?? "no scope")",
            "Run “impact-notifier login” and allow direct messages; an app password needs “access to direct messages”."
        )
    }

    /// Automated accounts label themselves: Bluesky asks for it, and recipients see it.
    private func profile(_ session: StoredSession) async -> DoctorFinding {
        guard await SenderProfile.read(with: session)?.isLabelledBot == true else {
            return .warning(
                "profile",
                "the sender's profile does not carry the label “bot”",
                "Mark the account as automated in the app's settings; Bluesky's guidelines ask for it."
            )
        }
        return .ok("profile", "the sender is labelled as automated")
    }

    /// One call of the chat service through the PDS: header, service id, the PDS's own token and our standing.
    private func chat(_ session: StoredSession) async -> [DoctorFinding] {
        let proxy = configuration.delivery.sending.proxy
        do {
            let isDisabled = try await ChatClient(session: session, proxy: proxy).isChatDisabled()
            let forwarded = DoctorFinding.ok("proxy", "the PDS forwards to \(proxy)")
            guard isDisabled else { return [forwarded, .ok("chat", "the chat service lets the sender write")] }
            let advice = "Open the account in the app: it was moderated, or chat is switched off."
            return [forwarded, .failure("chat", "the chat service has disabled the sender", advice)]
        } catch {
            let diagnosis = CallDiagnosis(error, in: .readStatus, proxy: proxy)
            return [.failure("proxy", diagnosis.found, diagnosis.advice), .skipped("chat", because: "not reached")]
        }
    }
}
