internal import Network

extension Timetable {
    /// The waits of a configuration.
    init(_ configuration: NotifierConfiguration) {
        settle = configuration.sending.settle.inSeconds
        sending = (configuration.sending.firstWait.inSeconds, configuration.sending.maximumWait.inSeconds)
        lookup = (configuration.lookup.firstWait.inSeconds, configuration.lookup.maximumWait.inSeconds)
        follow = configuration.policy.followInterval.inSeconds
        setting = configuration.policy.disabledInterval.inSeconds
        expiry = configuration.policy.waitExpiry.inSeconds
    }
}
