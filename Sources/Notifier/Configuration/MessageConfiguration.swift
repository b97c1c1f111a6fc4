/// What surrounds the rule's text in every message: who sends it, why, and how to stop it.
public struct MessageConfiguration: Sendable, Equatable {
    /// The name of the service that sends the messages, in a word or two.
    public var service = "Impact Notifier"
    /// Where a human can ask about the messages: a URL, handle or address; empty for none.
    public var contact = ""
    /// A line about who runs the service and where to read more, for the first message to a person; empty for none.
    public var about = ""
    /// Whether the footer offers “stop”; true only when answers are read.
    public var offersStop = true

    /// The default footer.
    public init() {}
}
