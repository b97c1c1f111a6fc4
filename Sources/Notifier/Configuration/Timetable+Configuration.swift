extension Timetable {
    /// The waits of a configuration, by default those of the defaults.
    init(_ configuration: NotifierConfiguration = NotifierConfiguration(rules: [])) {
        settle = configuration.sending.settle
        sending = (configuration.sending.firstWait, configuration.sending.maximumWait)
        lookup = (configuration.lookup.firstWait, configuration.lookup.maximumWait)
        follow = configuration.policy.followInterval
        setting = configuration.policy.disabledInterval
        expiry = configuration.policy.waitExpiry
    }
}
