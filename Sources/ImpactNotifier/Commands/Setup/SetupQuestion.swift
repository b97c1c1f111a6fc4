/// The questions of `init`, in order; each may be answered by an option instead.
enum SetupQuestion: CaseIterable, Sendable {
    case account
    case rule
    /// Asked when a record has several references.
    case reference
    case session
    case recipients
    case start

    /// The option that answers it.
    var option: String {
        switch self {
        case .account: "--account HANDLE"
        case .rule: "--rule NAME|AT-URI"
        case .reference: "--reference-path PATH"
        case .session: "--session loopback|app-password|URL"
        case .recipients: "--recipients followers|allowlist|anyone"
        case .start: "--send-to HANDLE"
        }
    }

    /// Whether it has no default.
    var isNeeded: Bool { self == .account || self == .rule }

    /// Whether the typed answer must be hidden.
    var isHidden: Bool { self == .session }

    /// The text of the question.
    var lines: [String] {
        switch self {
        case .account:
            ["1. Which account sends the messages? Type its handle or its DID. (Make one for the bot first.)"]
        case .rule:
            ["2. What is to be told of? Type one name or several:"]
                + ShippedFiles.presets.map { "     \($0.name.padding(to: 15)) \($0.title)" }
                + ["   or the at:// URI of a record of your own, after which a rule is made."]
        case .reference:
            ["   Which field says whose project it is? Type its number, or Enter for the first."]
        case .session:
            [
                "3. How does it log in? What you type is not shown.",
                "     Enter            in a browser by OAuth; again every 14 days",
                "     https://…/       in a browser by OAuth; for two years, by two files in this folder of your web host",
                "     an app password  no browser; make it in the settings, with access to direct messages",
            ]
        case .recipients:
            [
                "4. Who gets messages? Bluesky's guidelines want automated messages to be opt-in, and call others spam.",
                "     Enter            owners who follow the bot (followers); the others wait until they do",
                "     allowlist NAMES  only these accounts, who want it",
                "     anyone           every owner: for networks of your own, against the guideline on the public one",
                "     shadow           nobody yet: the log says what would have been sent",
            ]
        case .start:
            [
                "5. Log in now? Type the account that gets a test message, such as your own: it must follow the bot, or take",
                "   messages from everybody. Enter logs in without one; no leaves it to you.",
            ]
        }
    }
}
