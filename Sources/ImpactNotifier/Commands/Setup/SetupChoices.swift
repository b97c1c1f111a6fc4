internal import ATProtocol
internal import Notifier

/// What an operator has decided in `init`.
struct SetupChoices: Sendable, Equatable {
    /// Which records are change requests.
    enum Rules: Sendable, Equatable {
        /// Shipped rules, by the names of their files.
        case presets([String])
        /// A rule modelled on one record.
        case own(OwnRule)
    }

    /// A rule for a collection of the operator's own.
    struct OwnRule: Sendable, Equatable {
        /// The record that it is modelled on.
        let record: ATURI
        let collection: NSID
        let reference: ReferenceCandidate
        /// The field that the message quotes.
        let title: String?
    }

    /// How the bot logs in.
    enum Session: Sendable, Equatable {
        /// By OAuth, with nothing to host.
        case loopback
        /// By OAuth, with two files in a folder of a web host: an https URL that ends with a slash.
        case confidential(folder: String)
        /// By an app password: one that was typed and must be written to a file, or nil for one that is in its file
        /// already.
        case appPassword(String?)
    }

    /// The value for `account`; an example until it is known.
    var account = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    var rules = Rules.presets([ShippedFiles.example.name])
    var session = Session.loopback
    /// The file of the app password, if the operator keeps it elsewhere.
    var appPasswordFile: String?
    var recipients = PolicyConfiguration.Recipients.followers
    var allowlist: [DID] = []
    /// Whether nothing is sent, and the log says what would have been.
    var isShadow = false
    /// Keys to set, with their values as YAML.
    var settings: [SetupSetting] = []

    /// The configuration: the shipped one, with these choices.
    ///
    /// - Throws: ``SetupError`` when a setting names an unknown key.
    func text(at place: SetupPlace) throws(SetupError) -> String {
        var text = CommentedText(ShippedFiles.configuration)
        text.set("account", to: account)
        if let directory = place.stateDirectory { text.set("state_directory", to: Self.quoted(directory)) }
        write(session, at: place, to: &text)
        text.set("policy.recipients", to: recipients.rawValue)
        if !allowlist.isEmpty {
            text.set("policy.allowlist", to: "[\(allowlist.map { Self.quoted($0.text) }.joined(separator: ", "))]")
        }
        if isShadow { text.set("sending.enabled", to: "false") }
        for setting in settings {
            guard text.set(setting.key, to: setting.value) else { throw setting.objection(knowing: text.keys) }
        }
        switch rules {
        case .presets(let names) where names.allSatisfy(place.hasRules):
            text.set("rule_files", to: "[\(names.map { "rules/\($0).yaml" }.joined(separator: ", "))]")
            return text.text
        case .presets(let names):
            let rules = ShippedFiles.presets.filter { names.contains($0.name) }.map(\.rules)
            text.unset("rule_files")
            return "\(text.text)\nrules:\n\(rules.joined(separator: "\n"))"
        case .own(let rule):
            text.unset("rule_files")
            return "\(text.text)\n\(rule.text)"
        }
    }

    private func write(_ session: Session, at place: SetupPlace, to text: inout CommentedText) {
        switch session {
        case .loopback: text.set("session.kind", to: "loopback")
        case .confidential(let folder):
            text.set("session.kind", to: "confidential")
            text.set("session.client_id", to: Self.written("\(folder)oauth-client-metadata.json"))
            text.set("session.redirect_uri", to: Self.written("\(folder)callback.html"))
            text.set("session.client_key_file", to: Self.written(place.secretName("client-key.json")))
        case .appPassword:
            text.set("session.kind", to: "app-password")
            let file = appPasswordFile.map(Self.quoted) ?? Self.written(place.secretName("app-password"))
            text.set("session.app_password_file", to: file)
        }
    }

    /// A file name or an address as YAML, in quotes only if necessary.
    private static func written(_ text: String) -> String {
        text.wholeMatch(of: /[A-Za-z][A-Za-z0-9._~:\/-]*[A-Za-z]/) == nil ? quoted(text) : text
    }

    /// Any text as YAML.
    static func quoted(_ text: String) -> String { JSONValue.string(text).encodedText }
}

extension SetupChoices.OwnRule {
    /// The shipped example, for this collection.
    var text: String {
        var rule = CommentedText("rules:\n\(ShippedFiles.example.rules)")
        // In quotes, because a collection's last part may mean something in YAML: org.example.null.
        rule.set("rules.name", to: SetupChoices.quoted(String(collection.text.split(separator: ".").last ?? "request")))
        rule.set("rules.collections", to: "[\(collection)]")
        rule.set("rules.reference_paths", to: "[\(SetupChoices.quoted(reference.path))]")
        rule.set("rules.accepts", to: "[\(reference.form.rawValue)]")
        rule.set("rules.project_collections", to: "[\(reference.collection?.text ?? "")]")
        rule.set("rules.owner_from", to: reference.collection == nil ? "did" : "authority")
        rule.unset("rules.link")
        return title.map { rule.text.replacing("record.title |", with: "record.\($0) |") } ?? rule.text
    }
}

/// A key of the configuration and its value, as in `--set KEY=VALUE`.
struct SetupSetting: Sendable, Equatable {
    let key: String
    /// The value as YAML.
    let value: String

    init(_ text: String) throws(SetupError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !text.contains(where: \.isNewline) else {
            throw SetupError("--set takes KEY=VALUE on one line, such as status.listen=127.0.0.1:9465")
        }
        (key, value) = (String(parts[0]), String(parts[1]))
    }

    fileprivate func objection(knowing keys: [String]) -> SetupError {
        let list = "'impact-notifier init --print' shows those that there are"
        return SetupError("--set: \(Suggestion.objection(to: key, as: "key", among: keys, listedBy: list))")
    }
}
