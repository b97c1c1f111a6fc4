/// What surrounds the rule's text in every message: who sends it, why, and how to stop it.
public struct MessageConfiguration: Sendable, Equatable {
    /// On whose behalf the messages come, in a word or two.
    public var service = "Impact Notifier"
    /// Where a human can ask about the messages: a URL, handle or address; empty for none.
    public var contact = ""
    /// A line that the first message to a person has, on who runs this and where to read more; empty for none.
    public var about = ""
    /// Whether the footer offers to answer with the word to stop; only true when the answers are read.
    public var offersStop = true

    /// The usual footer.
    public init() {}
}
