extension Timetable {
    /// The waits of a configuration.
    init(_ configuration: NotifierConfiguration) {
        settle = configuration.sending.settle
        sending = (configuration.sending.firstWait, configuration.sending.maximumWait)
        lookup = (configuration.lookup.firstWait, configuration.lookup.maximumWait)
        follow = configuration.policy.followInterval
        setting = configuration.policy.disabledInterval
        expiry = configuration.policy.waitExpiry
    }
}
