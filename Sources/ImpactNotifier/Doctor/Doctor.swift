internal import ATProtocol
internal import Firehose
internal import Glibc
internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// Checks everything from configuration to chat, step by step, and says for each what came back and what to do.
///
/// A step that depends on a failed one is skipped, so that the first failure is the one to repair.
struct Doctor {
    let configuration: Configuration
    let services: NetworkServices
    let logger: Logger

    /// Checks everything; each finding is reported as soon as it is known.
    ///
    /// - Returns: every finding, in order.
    func examine(_ tell: (DoctorFinding) -> Void) async -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        func note(_ finding: DoctorFinding) {
            findings.append(finding)
            tell(finding)
        }
        let rules = configuration.delivery.rules.map(\.name).joined(separator: ", ")
        note(.ok("configuration", "every key is known; rules: \(rules)"))
        note(stateDirectory())
        if let secrets = secrets() { note(secrets) }
        let (identity, document) = await identity()
        note(identity)
        for finding in await account(document) { note(finding) }
        for host in configuration.stream.hosts { note(await stream(host)) }
        if let quarantine = await quarantine() { note(quarantine) }
        return findings
    }

    private func stateDirectory() -> DoctorFinding {
        let path = configuration.stateDirectory
        do throws(StateDirectory.AccessError) {
            guard try StateDirectory.enter(path, for: .looking) else {
                return .failure("state", "\(path) does not exist", "The package makes it, and so does the first login.")
            }
            try StateDirectory.prove(path)
            return .ok("state", "\(path) can be written")
        } catch {
            return .failure("state", error.description, "Ledger and session are kept there; nothing works without it.")
        }
    }

    /// The secrets that the session's configuration names, read as the daemon reads them; nil when it names none.
    private func secrets() -> DoctorFinding? {
        let session = configuration.session
        let paths = [session.clientKeyFile, session.appPasswordFile, session.encryptionKeyFile].compactMap(\.self)
        guard !paths.isEmpty else { return nil }
        for path in paths {
            do throws(OAuthError) { _ = try SecretFile().secret(path) } catch {
                return Self.unreadable(error, "secrets")
            }
        }
        return .ok("secrets", "can be read: \(paths.joined(separator: ", "))")
    }

    private func identity() async -> (DoctorFinding, DIDDocument?) {
        do {
            let did = try await services.account()
            let document = try await services.identities.document(of: did, isFresh: true)
            let pds = try document.pds(allowsLoopback: configuration.allowsLoopback)
            let name = document.handle.map { "@\($0), " } ?? ""
            return (.ok("identity", "\(name)\(did) lives on \(pds.origin)"), document)
        } catch {
            let advice =
                error.isTransient
                ? "Can this machine reach \(configuration.plcDirectory.origin)? Try again." : "Correct 'account'."
            return (.failure("identity", "\(error)", advice), nil)
        }
    }

    private func stream(_ configured: StreamSource) async -> DoctorFinding {
        var host = configured
        if let file = host.keyFile {
            do throws(OAuthError) { host.key = try HostKey(file: file, for: host.url) } catch {
                return Self.unreadable(error, "stream")
            }
        }
        let origin = host.url.origin
        switch await StreamProbe(configuration: configuration, logger: logger).probe(host) {
        case .alive(let delay):
            return .ok("stream", "\(origin): first event after \(delay / .milliseconds(1)) ms")
        case .silent:
            return .warning(
                "stream",
                "\(origin): connected, but silent for \(StreamProbe.patience.wholeSeconds) s",
                "On a small network that is no fault. If others are not, the daemon reads another host of stream.hosts."
            )
        case .failed(let reason, let advice):
            let usual = "Check stream.hosts, the network and the proxy; or name another host."
            return .failure("stream", reason, advice ?? usual)
        }
    }

    /// The stream messages that were put aside; nil when there are none, or no ledger exists.
    private func quarantine() async -> DoctorFinding? {
        guard unsafe access(configuration.stateDirectory + "/ledger.sqlite", F_OK) == 0,
            let ledger = try? await Ledger.open(directory: configuration.stateDirectory, access: .command),
            let count = try? await ledger.stream.quarantined(), count > 0,
            let last = try? await ledger.stream.quarantine(limit: 1).first
        else { return nil }
        return .ok(
            "quarantine",
            "\(count) event\(count == 1 ? "" : "s") of the stream could not be read, the last at \(last.noticedAt) from \(last.host); "
                + "'impact-notifier quarantine' lists them, and \(Documentation.operations.path) says what to do"
        )
    }

    private static func unreadable(_ failure: OAuthError, _ step: String) -> DoctorFinding {
        .failure(step, failure.sentence, "'Secrets' in \(Documentation.operations.path) says how they lie.")
    }

    // MARK: The account

    private func account(_ document: DIDDocument?) async -> [DoctorFinding] {
        guard let document else {
            return ["session", "account", "scope", "profile", "proxy", "chat"].map {
                .skipped($0, because: "the identity is unknown")
            }
        }
        let checks = AccountChecks(
            configuration: configuration,
            services: services,
            did: document.did,
            logger: logger
        )
        return await checks.findings()
    }
}
