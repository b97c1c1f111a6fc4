internal import ATProtocol
internal import Network
internal import Notifier

/// The sections that decide who gets a message, when, and what it says.
struct DeliverySection {
    let document: ConfigurationSection
    let files: ConfiguredFiles
    /// Development only: whether plain `http` to loopback is allowed.
    let allowsLoopback: Bool

    /// The delivery configuration, with defaults.
    ///
    /// - Parameters:
    ///   - rules: the rules, already checked one by one.
    ///   - appView: answers public questions.
    /// - Returns: a configuration whose parts are each valid.
    func configuration(rules: [Rule], appView: WebURL?) -> NotifierConfiguration {
        var configuration = NotifierConfiguration(rules: rules)
        configuration.policy = policy(document.section("policy"))
        configuration.lookup = lookup(document.section("lookup"))
        configuration.lookup.appView = appView
        configuration.lookup.allowsLoopback = allowsLoopback
        configuration.message = message(document.section("message"))
        configuration.sending = sending(document.section("sending"))
        configuration.sending.proxy = document.section("chat").text("proxy", default: configuration.sending.proxy)
        configuration.digest = digest(document.section("digest"))
        configuration.mentions = mentions(document.section("mentions"))
        configuration.outputs = outputs(document.sections("outputs"))
        return configuration
    }

    /// For durations where zero would drop everything, or cause endless questions.
    private static let some: ClosedRange<Duration> = .milliseconds(1) ... .seconds(366 * 86_400)
    private static let long: ClosedRange<Duration> = .zero ... .seconds(366 * 86_400)
    /// For intervals of questions to others, which must not come without a pause.
    private static let pausing: ClosedRange<Duration> = .milliseconds(50) ... .seconds(366 * 86_400)

    private func policy(_ section: ConfigurationSection) -> PolicyConfiguration {
        var policy = PolicyConfiguration()
        policy.recipients = section.choice("recipients", default: policy.recipients)
        policy.allowlist = section.dids("allowlist")
        policy.blockedAuthors = section.dids("blocked_authors")
        policy.maximumAge = section.duration("maximum_age", default: policy.maximumAge, in: Self.some)
        let counts = 1...1_000_000
        policy.authorHourlyLimit = section.integer("author_hourly_limit", default: policy.authorHourlyLimit, in: counts)
        policy.authorBurst = section.integer("author_burst", default: policy.authorBurst, in: counts)
        policy.burstWindow = section.duration("burst_window", default: policy.burstWindow, in: Self.long)
        policy.burstPause = section.duration("burst_pause", default: policy.burstPause, in: Self.long)
        policy.ownerHourlyLimit = section.integer("owner_hourly_limit", default: policy.ownerHourlyLimit, in: counts)
        policy.ownerDailyLimit = section.integer("owner_daily_limit", default: policy.ownerDailyLimit, in: counts)
        policy.waitExpiry = section.duration("wait_expiry", default: policy.waitExpiry, in: Self.long)
        policy.maximumQueueAge = section.duration("maximum_queue_age", default: policy.maximumQueueAge, in: Self.some)
        policy.followInterval = section.duration("follow_interval", default: policy.followInterval, in: Self.pausing)
        policy.disabledInterval = section.duration(
            "disabled_interval",
            default: policy.disabledInterval,
            in: Self.pausing
        )
        return policy
    }

    private func lookup(_ section: ConfigurationSection) -> LookupConfiguration {
        var lookup = LookupConfiguration()
        lookup.concurrency = section.integer("concurrency", default: lookup.concurrency, in: 1...64)
        lookup.firstWait = section.duration("first_wait", default: lookup.firstWait, in: Self.some)
        lookup.maximumWait = section.duration("maximum_wait", default: lookup.maximumWait, in: Self.some)
        lookup.indexPatience = section.duration("index_patience", default: lookup.indexPatience, in: Self.long)
        lookup.projectPatience = section.duration("project_patience", default: lookup.projectPatience, in: Self.long)
        lookup.migrationPatience =
            section.duration("migration_patience", default: lookup.migrationPatience, in: Self.long)
        lookup.identityPatience =
            section.duration("identity_patience", default: lookup.identityPatience, in: Self.long)
        lookup.proofPatience = section.duration("proof_patience", default: lookup.proofPatience, in: Self.long)
        lookup.hostFailures = section.integer("host_failures", default: lookup.hostFailures, in: 1...100)
        lookup.hostPause = section.duration("host_pause", default: lookup.hostPause, in: Self.long)
        return lookup
    }

    private func message(_ section: ConfigurationSection) -> MessageConfiguration {
        var message = MessageConfiguration()
        message.service = section.value("service", default: message.service, expected: "a name that can be seen") {
            PlainText.sanitize($0).isEmpty ? nil : $0
        }
        message.contact = section.text("contact", default: message.contact)
        message.about = section.value(
            "about",
            default: message.about,
            expected: "a line that can be seen, of at most 200 characters and 1000 bytes, or an empty text for none"
        ) { text in
            let line = PlainText.sanitize(text)
            let isFit = text.isEmpty || !line.isEmpty && line.count <= 200 && line.utf8.count <= 1000
            return isFit ? line : nil
        }
        message.offersStop = section.flag("offers_stop", default: message.offersStop)
        return message
    }

    private func sending(_ section: ConfigurationSection) -> SendingConfiguration {
        var sending = SendingConfiguration()
        sending.isEnabled = section.flag("enabled", default: sending.isEnabled)
        sending.interval = section.duration("interval", default: sending.interval, in: Self.long)
        sending.dailyLimit = section.integer("daily_limit", default: sending.dailyLimit, in: 1...1_000_000)
        sending.settle = section.duration("settle", default: sending.settle, in: Self.long)
        sending.maximumSends = section.integer("maximum_sends", default: sending.maximumSends, in: 1...5)
        sending.firstWait = section.duration("first_wait", default: sending.firstWait, in: Self.some)
        sending.maximumWait = section.duration("maximum_wait", default: sending.maximumWait, in: Self.some)
        sending.firstLimitWait = section.duration("first_limit_wait", default: sending.firstLimitWait, in: Self.some)
        sending.maximumLimitWait =
            section.duration("maximum_limit_wait", default: sending.maximumLimitWait, in: Self.some)
        sending.probeInterval = section.duration("probe_interval", default: sending.probeInterval, in: Self.pausing)
        sending.answersInterval = section.value(
            "answers_interval",
            default: sending.answersInterval,
            expected: "a duration such as 60s, of at least 50ms and at most 366d, or off",
            show: { $0.map(DurationText.format) ?? "off" }
        ) { text -> Duration?? in
            if text == "off" { return .some(nil) }
            guard let interval = DurationText.parse(text), Self.pausing.contains(interval) else { return .none }
            return .some(interval)
        }
        sending.retention = section.duration(
            "retention",
            default: sending.retention,
            in: .seconds(7 * 86_400)...(.seconds(3660 * 86_400))
        )
        return sending
    }

    private func digest(_ section: ConfigurationSection) -> DigestConfiguration {
        var digest = DigestConfiguration()
        digest.window = section.duration("window", default: digest.window, in: Self.long)
        digest.maximumListed = section.integer("maximum_listed", default: digest.maximumListed, in: 1...50)
        digest.maximumCounted = section.integer("maximum_counted", default: digest.maximumCounted, in: 1...10_000)
        return digest
    }

    private func mentions(_ section: ConfigurationSection) -> MentionConfiguration {
        var mentions = MentionConfiguration()
        mentions.owners = section.dids("owners")
        mentions.interval = section.duration("interval", default: mentions.interval, in: Self.long)
        mentions.dailyLimit = section.integer("daily_limit", default: mentions.dailyLimit, in: 1...10_000)
        return mentions
    }

    private func outputs(_ sections: [ConfigurationSection]) -> [OutputConfiguration] {
        var outputs: [OutputConfiguration] = []
        for section in sections {
            guard let output = OutputSection(section: section, files: files, allowsLoopback: allowsLoopback).output()
            else { continue }
            if outputs.contains(where: { $0.name == output.name }) {
                section.flag("name", "another output has the name '\(output.name)' already")
            }
            outputs.append(output)
        }
        return outputs
    }
}
