/// Everything that an operator may decide about rules, owners, messages and their sending.
public struct NotifierConfiguration: Sendable {
    /// The rules; the first that covers a record and whose conditions hold decides.
    public var rules: [Rule]
    /// Who may get messages, and about what.
    public var policy = PolicyConfiguration()
    /// How owners and projects are found.
    public var lookup = LookupConfiguration()
    /// What surrounds the rule's text in a message.
    public var message = MessageConfiguration()
    /// How messages are sent.
    public var sending = SendingConfiguration()
    /// How several requests for one owner are combined.
    public var digest = DigestConfiguration()
    /// Public posts for owners who agreed to them.
    public var mentions = MentionConfiguration()
    /// Local outputs beside the messages.
    public var outputs: [OutputConfiguration] = []

    /// A configuration with default values.
    public init(rules: [Rule]) { self.rules = rules }

    /// The rules by their names.
    var rulesByName: [String: Rule] { Dictionary(rules.map { ($0.name, $0) }) { first, _ in first } }
}
