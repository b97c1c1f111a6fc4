internal import ATProtocol
internal import Network
internal import Templates

/// A public post that mentions an owner: `app.bsky.feed.post`.
///
/// It contains nothing of the author's, neither words nor name, so that authors do not choose what the sender says in
/// public. The only link is the rule's own.
struct MentionPost: Sendable, Equatable {
    /// A stretch of the text, by its place in the UTF-8, and what it links to.
    struct Facet: Sendable, Equatable {
        let byteStart: Int
        let byteEnd: Int
        let feature: JSONValue
    }

    /// The longest handle or project name that is shown, in graphemes; `app.bsky.feed.post` takes 300 in all.
    static let maximumName = 60
    /// The longest service name that is shown, in graphemes.
    static let maximumService = 60

    private(set) var text = ""
    private(set) var facets: [Facet] = []

    /// The post about one request.
    ///
    /// - Parameters:
    ///   - request: the request; its recipient is mentioned.
    ///   - handle: the recipient's verified handle; without one, the mention is on their role, such as “Owner”.
    ///   - link: the rule's link; nil for none.
    ///   - service: the service in whose name it is posted.
    init(about request: ChangeRequest, handle: String?, link: String?, service: String) {
        func short(_ text: String, _ limit: Int) -> String {
            PlainText.truncate(PlainText.sanitize(text), graphemes: limit, bytes: limit * 8)
        }
        let words: (title: String, whose: String, joint: String) =
            switch request.role {
            case .owner: ("Owner", "your project", " ")
            case .collaborator: ("Collaborator", "a project you work on", ", ")
            case .subscriber: ("Subscriber", "a project you subscribed to", ", ")
            }
        append(
            handle.map { "@" + short($0, Self.maximumName) } ?? words.title,
            ["$type": "app.bsky.richtext.facet#mention", "did": .string(request.owner.text)]
        )
        let project = ForeignWords.quoted(
            request.projectName ?? "",
            graphemes: Self.maximumName,
            bytes: Self.maximumName * 8
        )
        append(": there is a change request for \(words.whose)\(project.isEmpty ? "" : words.joint + project).")
        if let link {
            append(" ")
            append("Read it", ["$type": "app.bsky.richtext.facet#link", "uri": .string(link)])
        }
        append("\n\n— \(short(service, Self.maximumService)), because you asked to be mentioned.")
    }

    /// The record.
    func record(createdAt: UnixTime) -> JSONValue {
        [
            "$type": "app.bsky.feed.post", "text": .string(text), "langs": ["en"],
            "createdAt": .string(createdAt.description),
            "facets": .array(
                facets.map { facet in
                    [
                        "index": [
                            "byteStart": .integer(Int64(facet.byteStart)), "byteEnd": .integer(Int64(facet.byteEnd)),
                        ],
                        "features": [facet.feature],
                    ]
                }
            ),
        ]
    }

    private mutating func append(_ more: String, _ feature: JSONValue? = nil) {
        let start = text.utf8.count
        text += more
        guard let feature else { return }
        facets.append(Facet(byteStart: start, byteEnd: text.utf8.count, feature: feature))
    }
}
