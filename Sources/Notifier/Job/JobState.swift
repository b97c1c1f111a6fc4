/// The state of a job, from the look-up to its end; stored, so that it survives `kill -9`.
public enum JobState: String, Sendable, Hashable, CaseIterable {
    /// The owner or the project is being looked up.
    case lookup
    /// Ready to be sent when its turn comes.
    case queued
    /// A message was stored and may be on its way.
    case sending
    /// A message may have arrived; the conversation is read before anything else.
    case verify
    /// A public post that mentions the owner may be on its way.
    case posting
    /// Waits for something: a follow, another setting, an account, a limit.
    case deferred
    /// The message is in the owner's conversation, or the owner was mentioned in public as they agreed to.
    case delivered
    /// No message will be sent.
    case dropped
    /// A message may have arrived; this needs a decision.
    case uncertain

    /// Whether nothing more happens by itself.
    public var isFinal: Bool { self == .delivered || self == .dropped || self == .uncertain }
}
