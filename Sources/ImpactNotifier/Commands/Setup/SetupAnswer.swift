internal import ATProtocol
internal import Network
internal import Notifier
internal import OAuth

/// Reads a typed answer or an option's value: trims and checks it, or refuses it with what was probably meant.
enum SetupAnswer {
    /// Which records are change requests.
    enum Rule: Sendable, Equatable {
        case presets([String])
        /// A record as the model of a new rule.
        case record(ATURI)
    }

    /// Who gets messages.
    struct Recipients: Sendable, Equatable {
        var policy = PolicyConfiguration.Recipients.followers
        var allowed: [ATURI.Authority] = []
        var isShadow = false
    }

    /// What to do after the configuration is written.
    enum Start: Sendable, Equatable {
        /// Nothing: the commands are printed.
        case later
        /// Run a login and `doctor`, which may send a test message to this account.
        case now(testing: String?)
    }

    /// A text without blanks, quotation marks and invisible characters, such as direction marks copied with a handle.
    static func trimmed(_ text: String) -> String {
        let hidden: Set<Unicode.GeneralCategory> = [.control, .format, .privateUse, .unassigned]
        let visible = text.unicodeScalars.filter { scalar in
            scalar.properties.isWhitespace || !hidden.contains(scalar.properties.generalCategory)
        }
        func isAround(_ character: Character) -> Bool { character.isWhitespace || "\"'`“”‘’".contains(character) }
        let words = String(String.UnicodeScalarView(visible)).drop(while: isAround)
        return String(words.reversed().drop(while: isAround).reversed())
    }

    private static func words(_ text: String) -> [String] {
        trimmed(text).split { $0.isWhitespace || $0 == "," }.map(String.init)
    }

    /// Parses an account: a DID, a handle, or the address of its profile.
    static func account(_ text: String) throws(SetupError) -> ATURI.Authority {
        var name = trimmed(text)
        guard !name.isEmpty else { throw SetupError("an account is its handle, bot.example.com, or its DID") }
        if name.hasPrefix("https://"), let place = name.firstRange(of: "/profile/") {
            name = String(name[place.upperBound...].prefix { $0 != "/" && $0 != "?" })
        }
        for prefix in ["at://", "@"] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
        if let account = ATURI.Authority.ofAccount(name) { return account }
        let objection = ATURI.Authority.objection(toAccount: name) ?? "nobody can have it"
        let meant = "\(name).bsky.social"
        let isMeant = !name.contains { ".:".contains($0) } && ATURI.Authority.ofAccount(meant) != nil
        let hint = isMeant ? "; did you mean '\(meant)'?" : ""
        throw SetupError("'\(name)' is no account: \(objection)\(hint)")
    }

    /// Parses names of shipped rules, or the AT-URI of a record.
    static func rule(_ text: String) throws(SetupError) -> Rule {
        let words = words(text)
        let names = ShippedFiles.presets.map(\.name)
        guard let first = words.first else {
            throw SetupError("a rule is one of \(names.joined(separator: ", ")), or the at:// URI of a record")
        }
        if first.hasPrefix("at://") {
            let uri: ATURI
            do { uri = try ATURI(first) } catch { throw SetupError(error.description) }
            guard words.count == 1, uri.collection != nil, uri.recordKey != nil else {
                throw SetupError("'\(trimmed(text))' is not one record: at://ACCOUNT/COLLECTION/KEY")
            }
            return .record(uri)
        }
        var chosen: [String] = []
        for word in words {
            let name = word.hasSuffix(".yaml") ? String(word.dropLast(5)) : word
            guard names.contains(name) else {
                let all = "there are \(names.joined(separator: ", ")); or give the at:// URI of a record"
                throw SetupError(Suggestion.objection(to: name, as: "rule", among: names, listedBy: all))
            }
            if !chosen.contains(name) { chosen.append(name) }
        }
        return .presets(chosen)
    }

    /// Parses one of the offered fields, by its number or its path.
    static func reference(
        _ text: String,
        among candidates: [ReferenceCandidate]
    ) throws(SetupError) -> ReferenceCandidate {
        let answer = trimmed(text)
        if answer.isEmpty, let first = candidates.first { return first }
        if let number = Int(answer), candidates.indices.contains(number - 1) { return candidates[number - 1] }
        if let candidate = candidates.first(where: { $0.path == answer }) { return candidate }
        throw SetupError(Suggestion.objection(to: answer, as: "such field", among: candidates.map(\.path)))
    }

    /// Parses how the bot logs in: a kind of session, the folder of a web host, or, if typed unseen, an app password.
    static func session(_ text: String, isHidden: Bool) throws(SetupError) -> SetupChoices.Session {
        let answer = trimmed(text)
        if answer.hasPrefix("https://") { return .confidential(folder: try folder(answer)) }
        if AppPasswordLogin.looksGenerated(answer) {
            guard isHidden else {
                throw SetupError(
                    "a password never stands on a command line: put it into a file, and name that by --app-password-file"
                )
            }
            return .appPassword(answer)
        }
        switch answer.lowercased() {
        case "", "oauth", SessionKind.loopback.rawValue: return .loopback
        case SessionKind.appPassword.rawValue: return .appPassword(nil)
        case SessionKind.confidential.rawValue:
            throw SetupError(
                "for two years by OAuth two files are hosted: give the https:// URL of their folder, such as "
                    + "https://example.org/notifier/"
            )
        default:
            // Do not show it: whatever it is, it may be a secret.
            throw SetupError(
                isHidden
                    ? "that is neither empty, nor an https:// URL, nor an app password (xxxx-xxxx-xxxx-xxxx); never the "
                        + "account's own password"
                    : "a session is loopback, app-password, or the https:// URL of a folder of your web host"
            )
        }
    }

    private static func folder(_ text: String) throws(SetupError) -> String {
        let folder = text.hasSuffix("/") ? text : "\(text)/"
        let address = ServiceAddress(folder, allowsLoopback: false)
        guard let url = address.url, address.objection == nil else {
            throw SetupError("'\(text)' cannot host anything: \(address.objection ?? "it is no URL")")
        }
        guard url.query == nil else { throw SetupError("'\(text)' is no folder: it has a query") }
        let file = "\(folder)oauth-client-metadata.json"
        if let objection = SessionConfiguration.objection(toClientID: file) { throw SetupError(objection) }
        return folder
    }

    /// Parses who gets messages: a value of `policy.recipients`, followed by the accounts of an allowlist, or `shadow`.
    static func recipients(_ text: String) throws(SetupError) -> Recipients {
        var words = words(text)
        var recipients = Recipients()
        guard let first = words.first?.lowercased() else { return recipients }
        words.removeFirst()
        let kind = first.hasSuffix(":") ? String(first.dropLast()) : first
        if kind == "shadow" {
            recipients.isShadow = true
        } else if let policy = PolicyConfiguration.Recipients(rawValue: kind) {
            recipients.policy = policy
        } else {
            let known = PolicyConfiguration.Recipients.allCases.map(\.rawValue) + ["shadow"]
            throw SetupError(Suggestion.objection(to: kind, as: "choice", among: known))
        }
        guard recipients.policy == .allowlist else {
            guard words.isEmpty else {
                throw SetupError("accounts stand behind allowlist alone, not behind \(kind)")
            }
            return recipients
        }
        for word in words { recipients.allowed.append(try account(word)) }
        guard !words.isEmpty else {
            throw SetupError("an allowlist of nobody tells nobody: allowlist alice.example.com bob.example.com")
        }
        return recipients
    }

    /// Parses whether to begin at once, and who gets a test message.
    static func start(_ text: String) throws(SetupError) -> Start {
        let answer = trimmed(text)
        switch answer.lowercased() {
        case "", "y", "yes": return .now(testing: nil)
        case "n", "no", "later": return .later
        default:
            switch try account(answer) {
            case .did(let did): return .now(testing: did.text)
            case .handle(let handle): return .now(testing: handle.text)
            }
        }
    }
}
