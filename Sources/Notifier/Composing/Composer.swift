internal import ATProtocol
internal import Templates

/// Composes a message from the rules' texts, the links, and a footer that says who writes, why, and how to stop.
///
/// The footer is never cut; the rules' texts are shortened instead. Every part has its own lines, so no grapheme
/// crosses from one part to the next, and the lengths of the parts add up.
public struct Composer: Sendable {
    private let rules: [String: Rule]
    private let message: MessageConfiguration
    private let maximumListed: Int

    public init(configuration: NotifierConfiguration) {
        rules = configuration.rulesByName
        message = configuration.message
        // When the configuration does not combine requests, recipients who asked for a digest get the default one.
        maximumListed = (configuration.digest.isEnabled ? configuration.digest : DigestConfiguration()).maximumListed
    }

    /// The message about one or several requests for one recipient.
    ///
    /// - Parameters:
    ///   - requests: oldest first, at least one, all for the same recipient.
    ///   - marks: their marks, see ``MessageReference``; the message ends with the marks of the requests that it lists.
    ///   - isFirst: whether the recipient was never written to before, and must be told who writes.
    ///   - answered: the id of an earlier message about the same matter, to reply to; nil for none.
    /// - Returns: the message, within the limits.
    /// - Throws: ``Refusal`` for ``Reason/compositionFailed`` or ``Reason/ruleRemoved``.
    public func compose(
        _ requests: [ChangeRequest],
        marks: [String],
        isFirst: Bool = false,
        answering answered: String? = nil
    ) throws(Refusal) -> ComposedMessage {
        guard !requests.isEmpty else { throw Refusal(.compositionFailed, "there is no request to speak of") }
        var items: [Item] = []
        for request in requests {
            guard let rule = rules[request.rule] else { throw Refusal(.ruleRemoved, request.rule) }
            items.append(Item(request, rule, count: requests.count))
        }
        func footer(_ listed: Int) -> (text: String, reference: String) {
            // Requests that are only counted have no mark. The first always has one, so that the message can be found
            // again.
            let reference = MessageReference.reference(Array(marks.prefix(max(1, listed))))
            return (self.footer(for: requests, reference: reference), reference)
        }
        let about = isFirst ? self.message.about : ""
        guard items.count > 1 else {
            let footer = footer(1)
            return try single(items[0], about, footer.text).composed(footer.reference, answering: answered)
        }
        let headline = answered != nil ? "\(items.count) more about this:" : Self.headline(for: requests)
        // To say who writes, fewer requests may be listed, but at least one.
        for (about, least) in [(about, 1), ("", 0)] {
            for listed in stride(from: min(maximumListed, items.count), through: least, by: -1) {
                let footer = footer(listed)
                let message = digest(headline, items, listed: listed, about, footer: footer.text)
                if message.fits { return message.composed(footer.reference, answering: answered) }
            }
        }
        throw Refusal(.compositionFailed, "the footer alone is too long")
    }

    private func single(_ item: Item, _ about: String, _ footer: String) throws(Refusal) -> MessageBuilder {
        func ending(_ link: String?, _ about: String) -> MessageBuilder {
            var ending = MessageBuilder()
            if let link { ending.append(link: link, on: "\n") }
            Self.end(&ending, about, footer)
            return ending
        }
        // The author chose the length of the link. If it is too long, the owner is told without it.
        let endings = [ending(item.link, about), ending(item.link, ""), ending(nil, about), ending(nil, "")]
        let (graphemes, bytes) = (ComposedMessage.maximumGraphemes / 2, ComposedMessage.maximumBytes / 2)
        let tail = endings.first { $0.isWithin(graphemes, bytes: bytes) } ?? endings[3]
        var message = MessageBuilder()
        message.append(
            Self.cut(
                item.text,
                graphemes: ComposedMessage.maximumGraphemes - tail.text.count,
                bytes: ComposedMessage.maximumBytes - tail.text.utf8.count
            )
        )
        message.append(tail)
        guard message.fits else { throw Refusal(.compositionFailed, "the footer alone is too long") }
        return message
    }

    private static func headline(for requests: [ChangeRequest]) -> String {
        let count = "\(requests.count) new change requests"
        let roles = Set(requests.map(\.role))
        return switch roles.first {
        case .owner? where roles.count == 1: "\(count) for your projects:"
        case .collaborator? where roles.count == 1: "\(count) for projects that you work on:"
        case .subscriber? where roles.count == 1: "\(count) for what you subscribed to:"
        default: "\(count):"
        }
    }

    private func digest(
        _ headline: String,
        _ items: [Item],
        listed: Int,
        _ about: String,
        footer: String
    ) -> MessageBuilder {
        var message = MessageBuilder()
        message.append(headline)
        for item in items.prefix(listed) {
            message.append("\n\n• " + Self.cut(item.text, graphemes: 160, bytes: 1200))
            if let link = item.link { message.append(link: link, on: "\n") }
        }
        if items.count > listed { message.append("\n\n… and \(items.count - listed) more.") }
        Self.end(&message, about, footer)
        return message
    }

    /// Appends the end of a message: who writes, when it is the first, and the footer.
    private static func end(_ message: inout MessageBuilder, _ about: String, _ footer: String) {
        message.append("\n\n")
        if !about.isEmpty {
            message.append(linking: about)
            message.append("\n")
        }
        message.append(footer)
    }

    /// The beginning of a rule's text within both limits; closes quotation marks that the cut left open.
    private static func cut(_ text: String, graphemes: Int, bytes: Int) -> String {
        let cut = PlainText.truncate(text, graphemes: graphemes, bytes: bytes)
        guard cut != text else { return text }
        let head = PlainText.truncate(text, graphemes: graphemes - 1, bytes: bytes - "”".utf8.count)
        guard let mark = head.last(where: "“”".contains), mark == "“" else { return cut }
        return head + "”"
    }

    /// One clause: why the recipient is told of these requests, by their role in the projects.
    private static func cause(_ role: RecipientRole, _ requests: [ChangeRequest], graphemes: Int) -> String {
        let named = requests.filter { $0.reference != .account($0.owner) }
        let title = ForeignWords.quoted(named.first?.projectTitle ?? "", graphemes: graphemes, bytes: graphemes * 5)
        let projects = Set(named.map(\.reference)).count == 1 ? title : "these projects"
        return switch role {
        case .owner where named.isEmpty: requests.count == 1 ? "it names your account" : "they name your account"
        case .owner: "you own \(projects)"
        case .collaborator: "you are a collaborator of \(projects)"
        case .subscriber: "you subscribed to \(projects)"
        }
    }

    private func footer(for requests: [ChangeRequest], reference: String) -> String {
        let roles = RecipientRole.allCases.filter { role in requests.contains { $0.role == role } }
        let causes = roles.map { role in
            Self.cause(role, requests.filter { $0.role == role }, graphemes: roles.count == 1 ? 80 : 40)
        }
        var text = "— \(message.service): you get this because \(causes.joined(separator: ", and because "))."
        if message.offersStop { text += " Answer STOP to get no more of these, or HELP." }
        if !message.contact.isEmpty { text += " Questions: \(message.contact)." }
        return text + " [\(reference)]"
    }

    private struct Item {
        let text: String
        let link: String?

        init(_ request: ChangeRequest, _ rule: Rule, count: Int) {
            text = rule.message.render { request.value(of: $0, count: count) }
            link = rule.link?.render { request.value(of: $0, count: count) }
        }
    }
}
