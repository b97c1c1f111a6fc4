internal import ATProtocol
internal import Firehose
internal import Notifier
internal import OAuth

/// A configuration in sentences, for a human to check.
struct ConfigurationSummary {
    /// One statement a line.
    let lines: [String]

    init(_ configuration: Configuration) {
        let delivery = configuration.delivery
        let account =
            switch configuration.account {
            case .did(let did): did.text
            case .handle(let handle): "@\(handle)"
            }
        var lines: [String] = []
        if !delivery.sending.isEnabled {
            lines.append(
                "SHADOW MODE: nothing is sent, and nobody will be told of what is seen now. The log says what would have been sent."
            )
        }
        lines.append("Messages are sent by \(account) \(Self.session(configuration.session)).")
        let parallel = configuration.stream.parallelHosts
        for (index, host) in configuration.stream.hosts.enumerated() {
            let place =
                index == 0
                ? "The stream is read from" : index < parallel ? "  and at the same time" : "  or, when that fails,"
            let compression = host.asksForCompression ? ", compressed if it offers that" : ""
            let key = host.keyFile.map { ", with the key in \($0)" } ?? ""
            lines.append("\(place) \(host)\(compression)\(key).")
        }
        lines.append("State is kept in \(configuration.stateDirectory).")
        if configuration.status.address == nil {
            lines.append("No status endpoint: set status.listen to an address of its own, such as 127.0.0.1:9465.")
        } else if let file = configuration.status.requestsTokenFile {
            lines.append("Apps that show the token in \(file) are told what became of a request (/requests).")
        } else if configuration.status.isReachedByOthers {
            lines.append(
                "NO APP is told what became of a request (/requests): status.listen can be reached from other machines, so a "
                    + "token is needed; name its file as status.requests_token_file."
            )
        }
        switch delivery.policy.recipients {
        case .followers: lines.append("Owners who follow the sender get messages; the others wait until they do.")
        case .allowlist:
            lines.append("Only the \(delivery.policy.allowlist.count) owners on the allowlist get messages.")
        case .anyone:
            lines.append(
                "EVERY owner gets messages, asked for or not; what Bluesky's guidelines say of that: \(Documentation.delivery.path)"
            )
        }
        if delivery.lookup.provesBeforeSending {
            lines.append("An author's PDS must prove a change request before it is queued.")
        }
        let pace = DurationText.format(delivery.sending.interval)
        lines.append("At most one message every \(pace), and \(delivery.sending.dailyLimit) a day.")
        if delivery.digest.isEnabled {
            let window = DurationText.format(delivery.digest.window)
            lines.append("Requests for an owner within \(window) of a message are told together in the next one.")
        }
        if delivery.mentions.isEnabled {
            let scope = configuration.session.scope == .granular ? ScopeChoice.postScope : "transition:generic"
            lines.append(
                "\(delivery.mentions.owners.count) owners who agreed to it are mentioned in public when they take no "
                    + "messages; the session needs \(scope) for that."
            )
        }
        for rule in delivery.rules { lines += Self.describe(rule) }
        for (rule, first) in delivery.shadowedRules {
            lines.append(
                "Rule '\(rule)' NEVER APPLIES: '\(first)' comes before it and takes all records that it covers."
            )
        }
        lines += Self.placeholders(configuration)
        if configuration.allowsLoopback {
            lines.append("DEVELOPMENT: plain HTTP to loopback addresses is allowed. Never use this on a real server.")
        }
        self.lines = lines
    }

    /// The values that are still those of the example.
    private static func placeholders(_ configuration: Configuration) -> [String] {
        var found: [String] = []
        if case .did(let did) = configuration.account, did.identifier.allSatisfy({ $0 == "a" }) {
            found.append("account (\(did))")
        }
        let hosts = ["example.org", "example.com", "example.net"]
        for url in [configuration.session.clientID, configuration.session.redirectURI].compactMap(\.self) {
            if hosts.contains(where: { url.hasPrefix("https://\($0)/") }) { found.append(url) }
        }
        for rule in configuration.delivery.rules {
            let collections = rule.collections.filter {
                $0.text.hasPrefix("org.example.") || $0.text.hasPrefix("com.example.")
            }
            found += collections.map { "\($0.text) in rule '\(rule.name)'" }
        }
        return found.map { "  LOOK AGAIN: \($0) is from the example; write your own." }
    }

    private static func session(_ session: Configuration.Session) -> String {
        switch session.kind {
        case .appPassword: "with an app password"
        case .loopback: "with an OAuth session of the loopback client, which ends 14 days after each login"
        case .confidential: "with an OAuth session of the client \(session.clientID ?? "")"
        }
    }

    private static func place(of references: ReferenceReader) -> String {
        "\(references.paths.map(\.text).joined(separator: ", then ")) (\(references.formNames.joined(separator: ", ")))"
    }

    private static func people(of rule: Rule) -> String {
        var people = rule.recipients.contains(.owner) ? ["the owner"] : []
        if let source = rule.collaborators {
            let ways: [String?] = [
                source.grants.isEmpty ? nil : "as the owner's \(source.grants.map(\.text).joined(separator: ", ")) say",
                source.index.map { index in
                    let records = source.acceptances.map(\.text).joined(separator: ", ")
                    return "whom \(index.query) names" + (records.isEmpty ? "" : " and whose own \(records) confirm it")
                },
            ]
            people.append("collaborators, \(ways.compactMap(\.self).joined(separator: ", or "))")
        }
        if let source = rule.subscribers {
            people.append("everybody who has \(source.collections.map(\.text).joined(separator: ", ")) about it")
        }
        return people.joined(separator: "; ")
    }

    private static func describe(_ rule: Rule) -> [String] {
        let operations = rule.operations.map(\.rawValue).sorted().joined(separator: " or ")
        let collections = rule.collections.map(\.text).joined(separator: ", ")
        let owner =
            switch rule.owner {
            case .authority: "the account in the project's AT-URI"
            case .did: "the DID that the record names"
            case .projectRecordField(let path): "the DID at '\(path)' in the project's record"
            case .index(let index): "the account whose '\(index.confirmingPath)' confirms what \(index.query) says"
            }
        var lines = ["Rule '\(rule.name)': \(operations) in \(collections);"]
        if !rule.conditions.isEmpty {
            lines.append("  where \(rule.conditions.map(\.description).joined(separator: " and "));")
        }
        if !rule.exceptions.isEmpty {
            lines.append("  but not \(rule.exceptions.map(\.text).joined(separator: ", "));")
        }
        var place = Self.place(of: rule.references)
        for hop in rule.hops {
            let through = hop.collections.map(\.text).joined(separator: " or ")
            place += ", through \(through) at \(Self.place(of: hop.references))"
        }
        let projects = rule.projectCollections.map(\.text).joined(separator: " or ")
        lines.append("  the project is at \(place),")
        lines.append("  in \(projects.isEmpty ? "any collection" : projects); its owner is \(owner)")
        if !rule.groupCollections.isEmpty {
            let groups = rule.groupCollections.map(\.text).joined(separator: " or ")
            lines.append("  and is not told when their repository holds a record of \(groups)")
        }
        if rule.recipients != [.owner] { lines.append("  and messages go to \(Self.people(of: rule))") }
        lines[lines.count - 1] += "."
        let paths = rule.references.paths + rule.hops.flatMap(\.references.paths) + rule.conditions.map(\.path)
        for path in paths where path.text.hasPrefix("record.") {
            lines.append(
                "  LOOK AGAIN: '\(path)' begins with 'record.', which only messages need; a path begins inside the record."
            )
        }
        return lines
    }
}
