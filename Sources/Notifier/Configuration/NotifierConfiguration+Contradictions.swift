internal import ATProtocol

/// Settings that contradict each other.
public struct Contradiction: Sendable, Equatable {
    /// The dotted path of the key that the sentence is about.
    public let key: String
    /// The dotted paths of the keys that could be changed, the first one included.
    public let keys: [String]
    /// What is wrong with the key: the rest of a sentence that begins with it.
    public let reason: String
    /// Whether it counts only when all the keys are written in the file, because a default of one of them does no harm.
    public let isOfBothWritten: Bool
}

extension NotifierConfiguration {
    /// The contradictions; empty when there are none.
    public var contradictions: [Contradiction] {
        var found: [Contradiction] = []
        func check(_ isWrong: Bool, _ key: String, _ other: String, ofBothWritten: Bool = false, _ reason: String) {
            guard isWrong else { return }
            found.append(Contradiction(key: key, keys: [key, other], reason: reason, isOfBothWritten: ofBothWritten))
        }
        func compare(_ isMore: Bool, _ key: String, _ other: String, _ word: String = "longer", _ harm: String = "") {
            check(isMore, key, other, ofBothWritten: true, "is \(word) than \(other)\(harm)")
        }
        check(
            policy.recipients == .allowlist && policy.allowlist.isEmpty,
            "policy.allowlist",
            "policy.recipients",
            "is empty, but policy.recipients is allowlist: nobody would ever be told"
        )
        compare(
            policy.recipients == .followers && policy.followInterval > policy.waitExpiry,
            "policy.follow_interval",
            "policy.wait_expiry",
            "longer",
            ": nobody who waits would be asked after"
        )
        check(
            sending.retention < policy.maximumAge,
            "sending.retention",
            "policy.maximum_age",
            "is shorter than policy.maximum_age: a request could be told of twice"
        )
        check(
            message.offersStop && sending.answersInterval == nil,
            "message.offers_stop",
            "sending.answers_interval",
            "promises what nobody reads while sending.answers_interval is off"
        )
        compare(
            sending.interval > policy.maximumQueueAge,
            "sending.interval",
            "policy.maximum_queue_age",
            "longer",
            ": what waits for its turn would be dropped before"
        )
        compare(sending.firstWait > sending.maximumWait, "sending.first_wait", "sending.maximum_wait")
        compare(
            sending.firstLimitWait > sending.maximumLimitWait,
            "sending.first_limit_wait",
            "sending.maximum_limit_wait"
        )
        compare(lookup.firstWait > lookup.maximumWait, "lookup.first_wait", "lookup.maximum_wait")
        compare(
            digest.isEnabled && digest.maximumListed > digest.maximumCounted,
            "digest.maximum_listed",
            "digest.maximum_counted",
            "more"
        )
        compare(
            digest.isEnabled && digest.window > policy.maximumQueueAge,
            "digest.window",
            "policy.maximum_queue_age",
            "longer",
            ": what waits for its end would be dropped before"
        )
        check(
            message.service.count + message.contact.count > 300,
            "message.service",
            "message.contact",
            "is longer than 300 characters together with message.contact"
        )
        if let fault = ProxyHeader.problem(with: sending.proxy) {
            found.append(Contradiction(key: "chat.proxy", keys: ["chat.proxy"], reason: fault, isOfBothWritten: false))
        }
        return found
    }
}
