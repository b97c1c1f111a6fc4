/// Where a change request stands on its way to its owner; survives `kill -9`.
public enum JobState: String, Sendable, Hashable, CaseIterable {
    /// Owner or project are being found.
    case lookup
    /// Ready to be sent when its turn comes.
    case queued
    /// A message was written down and may be under way.
    case sending
    /// A message may have arrived; the conversation will be read before anything else.
    case verify
    /// A public post that mentions the owner may be under way.
    case posting
    /// Waits for the owner: a follow, another setting.
    case deferred
    /// The message is in the owner's conversation, or the owner was mentioned in public as they agreed to.
    case delivered
    /// There will be no message.
    case dropped
    /// A message may have arrived, and only a human can find out.
    case uncertain

    /// Whether nothing happens any more by itself.
    public var isFinal: Bool { self == .delivered || self == .dropped || self == .uncertain }
}
